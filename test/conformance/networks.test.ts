import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint, NetworkDefinition, PublishedPort } from '../../src/network/address/definition.ts';
import { compileBridges, compileEndpoint } from '../../src/network/files/network-file.ts';
import { publishElements, withdrawElements } from '../../src/network/nft/elements.ts';
import { ruleset } from '../../src/network/nft/ruleset.ts';
import { connectHosts, type Host, makeHost } from '../helpers/party.ts';
import { HELPER } from '../helpers/plan.ts';
import { endpoint, network, port } from '../unit/network/definitions.ts';

/**
 * Packets of a small internet: a host with skiff's links and table, containers on three of its networks, and two others
 * on either side of the host. All are network namespaces of this test.
 */
const TABLE = 'skiff';
const directory = mkdtempSync(join(tmpdir(), 'networks-'));

const shop = bridge('sk-shop', '172.18.0', 'fd00:1');
const bank = bridge('sk-bank', '172.19.0', 'fd00:2');
const cellar = bridge('sk-cellar', '172.20.0', 'fd00:3', { internal: true });

const PORTS: PublishedPort[] = [
  port('0.0.0.0'),
  port('::'),
  port('0.0.0.0', { protocol: 'udp' }),
  port('::', { protocol: 'udp' }),
  port('127.0.0.1', { hostPort: 8081 }),
  port('192.0.2.1', { hostPort: 8082 }),
  port('fd00:a::1', { hostPort: 8082 }),
];

function bridge(link: string, prefix4: string, prefix6: string, changes: Partial<NetworkDefinition> = {}) {
  return network({
    link,
    id: Buffer.from(link.padEnd(32)).toString('hex'),
    subnets: [
      { subnet: `${prefix4}.0/24`, gateway: `${prefix4}.1`, auxiliary: {} },
      { subnet: `${prefix6}::/64`, gateway: `${prefix6}::1`, auxiliary: {} },
    ],
    ...changes,
  });
}

const made: Host[] = [];
let [host, outside, beyond, web, client, teller, wine]: Host[] = [];

function party(name: string): Promise<Host> {
  return makeHost(name).then((one) => {
    made.push(one);
    return one;
  });
}

/** A party beside the host, on a link of its own. */
async function neighbour(name: string, link: string, prefixes: { prefix4: string; prefix6: string }) {
  const other = await party(name);
  if (host === undefined) throw new Error('no host');
  connectHosts(
    [
      { host, device: link, last: 1 },
      { host: other, device: 'eth0', last: 9 },
    ],
    prefixes,
  );
  other.namespace.run('ip', 'route', 'add', 'default', 'via', `${prefixes.prefix4}.1`);
  other.namespace.run('ip', '-6', 'route', 'add', 'default', 'via', `${prefixes.prefix6}::1`);
  return other;
}

/** A party on a network of the host's, made from its network file. */
async function container(name: string, on: NetworkDefinition, changes: Partial<Endpoint> & { last: number }) {
  const one = await party(name);
  const { last, ...rest } = changes;
  const file = join(directory, name);
  const prefixes = on.subnets.map(({ subnet }) => subnet.replace(/(\.0|::)\/\d+$/, ''));
  const described = endpoint({
    network: on,
    hostInterface: `veth-${name}`,
    mac: `02:42:00:00:00:0${made.length}`,
    address4: `${prefixes[0]}.${last}`,
    address6: `${prefixes[1]}::${last}`,
    isGateway6: true,
    ...rest,
  });
  writeFileSync(file, compileEndpoint(described, { elements: elementsOf(TABLE, described) }));
  const { pid, startTime } = one.namespace;
  host?.namespace.run(HELPER, 'network', file, 'up', `${pid}`, `${startTime}`);
  return one;
}

function elementsOf(table: string, described: Endpoint) {
  const publish = publishElements(table, described);
  return publish.length === 0 ? undefined : { publish, withdraw: withdrawElements(table, described) };
}

beforeAll(async () => {
  mkdirSync(directory, { recursive: true });
  host = await party('host');
  outside = await neighbour('outside', 'up0', { prefix4: '192.0.2', prefix6: 'fd00:a' });
  beyond = await neighbour('beyond', 'up1', { prefix4: '198.51.100', prefix6: 'fd00:b' });

  const networks = [shop, bank, cellar];
  const bridges = join(directory, 'bridges');
  writeFileSync(bridges, compileBridges(networks, [], 'skiff /store'));
  host.namespace.run(HELPER, 'network', bridges, 'up');
  for (const name of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding'])
    host.namespace.run('sh', '-c', `echo 1 > /proc/sys/net/${name}`);
  const messages = join(directory, 'messages');
  const uplinks = ['up0', 'up1'];
  const state = { table: TABLE, networks, ports: [], uplinks4: uplinks, uplinks6: uplinks };
  writeFileSync(messages, ruleset(state).messages);
  host.namespace.run('sh', '-c', `exec ${HELPER} nft batch < ${messages}`);

  web = await container('web', shop, { last: 2, ports: PORTS });
  client = await container('client', shop, { last: 3 });
  teller = await container('teller', bank, { last: 2 });
  wine = await container('wine', cellar, { last: 2 });
});

afterAll(async () => {
  await Promise.all(made.map((one) => one.remove()));
  rmSync(directory, { recursive: true });
});

const PROTOCOLS = ['tcp', 'udp'] as const;

describe('a container on a bridge', () => {
  it('reaches others on it, and the host', async () => {
    expect(await client?.ask('172.18.0.2')).toBe('web saw 172.18.0.3');
    expect(await client?.ask('fd00:1::2')).toBe('web saw fd00:1::3');
    expect(await client?.ask('172.18.0.1')).toBe('host saw 172.18.0.3');
  });

  it("goes out with the host's address", async () => {
    expect(await client?.ask('192.0.2.9')).toBe('outside saw 192.0.2.1');
    expect(await client?.ask('fd00:a::9')).toBe('outside saw fd00:a::1');
    expect(await client?.ask('198.51.100.9', 80, 'udp')).toBe('beyond saw 198.51.100.1');
  });

  it('is not reached from other networks or from outside, other than by its ports', async () => {
    expect(await teller?.ask('172.18.0.2')).toBe('silence');
    expect(await teller?.ask('fd00:1::2')).toBe('silence');
    expect(await outside?.ask('172.18.0.2')).toBe('silence');
    expect(await outside?.ask('fd00:1::2')).toBe('silence');
  });

  it('is reached by the host', async () => {
    expect(await host?.ask('172.18.0.2')).toBe('web saw 172.18.0.1');
  });
});

describe('a published port', () => {
  it.each(PROTOCOLS)(
    'of every address leads to the container, which sees who asks, by %s',
    async (protocol) => {
      expect(await outside?.ask('192.0.2.1', 8080, protocol)).toBe('web saw 192.0.2.9');
      expect(await outside?.ask('fd00:a::1', 8080, protocol)).toBe('web saw fd00:a::9');
    },
  );

  it.each(PROTOCOLS)(
    'is there for the host at 127.0.0.1 and at its own addresses, by %s',
    async (protocol) => {
      expect(await host?.ask('127.0.0.1', 8080, protocol)).toBe('web saw 172.18.0.1');
      expect(await host?.ask('192.0.2.1', 8080, protocol)).toMatch(/^web saw /);
      expect(await host?.ask('fd00:a::1', 8080, protocol)).toMatch(/^web saw /);
    },
  );

  it.each(PROTOCOLS)('is there for containers, of the same one too, by %s', async (protocol) => {
    expect(await client?.ask('192.0.2.1', 8080, protocol)).toBe('web saw 172.18.0.1');
    expect(await web?.ask('192.0.2.1', 8080, protocol)).toBe('web saw 172.18.0.1');
    expect(await teller?.ask('192.0.2.1', 8080, protocol)).toBe('web saw 172.19.0.2');
    expect(await client?.ask('fd00:a::1', 8080, protocol)).toBe('web saw fd00:1::1');
  });

  it('of one address is there at that one only', async () => {
    expect(await outside?.ask('192.0.2.1', 8082)).toBe('web saw 192.0.2.9');
    expect(await outside?.ask('fd00:a::1', 8082)).toBe('web saw fd00:a::9');
    expect(await outside?.ask('198.51.100.1', 8082)).toBe('refused');
  });

  it('of 127.0.0.1 is there for the host alone, although the kernel would route it', async () => {
    expect(await host?.ask('127.0.0.1', 8081)).toBe('web saw 172.18.0.1');
    expect(await outside?.ask('192.0.2.1', 8081)).toBe('refused');
    for (const name of ['all', 'eth0'])
      client?.namespace.run('sh', '-c', `echo 1 > /proc/sys/net/ipv4/conf/${name}/route_localnet`);
    client?.namespace.run('ip', 'addr', 'del', '127.0.0.1/8', 'dev', 'lo');
    client?.namespace.run('ip', 'route', 'add', '127.0.0.1', 'via', '172.18.0.1', 'src', '172.18.0.3');
    expect(await client?.ask('127.0.0.1', 8081)).toBe('silence');
  });

  it('is not led away from ::1, where the socket has it', async () => {
    expect(await host?.ask('::1', 8080)).toBe('refused');
    expect(await host?.ask('::1', 80)).toBe('host saw ::1');
  });
});

describe('an internal network', () => {
  it('has the host, and no way out or in', async () => {
    expect(await wine?.ask('172.20.0.1')).toBe('host saw 172.20.0.2');
    expect(await host?.ask('172.20.0.2')).toBe('wine saw 172.20.0.1');
    wine?.namespace.run('ip', 'route', 'add', 'default', 'via', '172.20.0.1');
    expect(await wine?.ask('192.0.2.9')).toBe('silence');
    expect(await wine?.ask('172.18.0.2')).toBe('silence');
    expect(await teller?.ask('172.20.0.2')).toBe('silence');
    expect(await outside?.ask('172.20.0.2')).toBe('silence');
  });
});

describe('a host that did not forward before', () => {
  it('does not do so between its uplinks', async () => {
    expect(await outside?.ask('198.51.100.9')).toBe('silence');
    expect(await beyond?.ask('fd00:a::9')).toBe('silence');
  });
});
