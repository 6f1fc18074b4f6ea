import { readFileSync, rmSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MIGRATIONS } from '../../src/engine/store/migrations.ts';
import { Database } from '../../src/host/database.ts';
import { storePaths } from '../../src/host/paths.ts';
import { isAlive, processIdentity } from '../../src/host/process.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { CLIENT4, CLIENT6, HOST4, HOST6, useInternet } from '../helpers/internet.ts';
import { until } from '../helpers/until.ts';

const internet = useInternet();
const { store } = internet;
const busybox = useBusybox(store);

beforeAll(async () => {
  await store.ok(['network', 'create', '--ipv6', 'front']);
});

afterEach(() => internet.clear());

/** The bridge of a network. */
async function bridgeOf(network: string): Promise<string> {
  return `sk-${(await store.ok(['network', 'inspect', '-f', '{{.Id}}', network])).slice(0, 12)}`;
}

/** The monitor of a container, killed as the kernel does it when memory is short. */
async function killMonitor(name: string): Promise<void> {
  const pid = Number(await internet.field(name, '{{.State.Pid}}'));
  const monitor = Number(parentOf(pid));
  const first = processIdentity(pid);
  process.kill(monitor, 'SIGKILL');
  if (first !== undefined) await until(() => !isAlive(first));
}

function parentOf(pid: number): string {
  return /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
}

describe('after somebody flushed the firewall', () => {
  it.each([
    ['the whole ruleset', () => ['flush', 'ruleset']],
    ['the table', () => ['delete', 'table', 'inet', internet.table]],
    ['the rules of the table', () => ['flush', 'table', 'inet', internet.table]],
  ])('(%s) the next command about networks makes it anew', async (_what, words) => {
    const { host, client } = internet;
    await internet.run('web', busybox, '--network', 'front', '-p', '8080:80');
    const elements = internet.portElements();
    host.namespace.run('nft', ...words());
    expect(await client.ask(HOST4, 8080)).not.toBe(`web saw ${CLIENT4}`);
    await store.ok(['network', 'ls']);
    expect(internet.portElements()).toEqual(elements);
    expect(await client.ask(HOST4, 8080)).toBe(`web saw ${CLIENT4}`);
    expect(await client.ask(HOST6, 8080)).toBe(`web saw ${CLIENT6}`);
  });

  it('the next container has it made anew, for the others as well', async () => {
    const { host, client } = internet;
    await internet.run('web', busybox, '--network', 'front', '-p', '8080:80');
    host.namespace.run('nft', 'flush', 'ruleset');
    await internet.run('next', busybox, '--network', 'front', '-p', '8081:80');
    expect(await client.ask(HOST4, 8080)).toBe(`web saw ${CLIENT4}`);
    expect(await client.ask(HOST4, 8081)).toBe(`next saw ${CLIENT4}`);
  });
});

describe('after somebody published a port in the table', () => {
  it('the next container with that port has the table made anew', async () => {
    const element = '{ tcp . 8081 : 203.0.113.9 . 80 }';
    await internet.run('web', busybox, '--network', 'front', '-p', '8080:80');
    internet.host.namespace.run('nft', 'add', 'element', 'inet', internet.table, 'any4', element);
    await internet.run('next', busybox, '--network', 'front', '-p', '8081:80');
    expect(await internet.client.ask(HOST4, 8081)).toBe(`next saw ${CLIENT4}`);
    expect(await internet.client.ask(HOST4, 8080)).toBe(`web saw ${CLIENT4}`);
  });
});

describe('after somebody deleted a bridge', () => {
  it('the next command makes it anew, and containers are on it again', async () => {
    const { host, client } = internet;
    await internet.run('web', busybox, '--network', 'front', '-p', '8080:80');
    host.namespace.run('ip', 'link', 'del', await bridgeOf('front'));
    await internet.run('next', busybox, '--network', 'front');
    expect(host.namespace.links()).toContain(await bridgeOf('front'));
    expect(await client.ask(HOST4, 8080)).toBe(`web saw ${CLIENT4}`);
  });
});

describe('after somebody disarranged the network of the host', () => {
  const write = (file: string) => internet.host.namespace.run('sh', '-c', `echo 0 >/proc/sys/net/${file}`);
  const ip = (...args: string[]) => internet.host.namespace.run('ip', ...args);
  const end = async () => `sk${(await internet.field('web', '{{.Id}}')).slice(0, 10)}-0`;

  /** What was done, and what `doctor` says of it; `%` is the bridge, `@` the container's end. */
  const damages: [string, string, (bridge: string) => unknown][] = [
    ['switched forwarding off', 'forwarding of IPv4', () => write('ipv4/ip_forward')],
    ['switched forwarding of IPv6 off', 'forwarding of IPv6', () => write('ipv6/conf/all/forwarding')],
    [
      'took a bridge down',
      'bridge % (down, of network front)',
      (bridge) => ip('link', 'set', bridge, 'down'),
    ],
    [
      'flushed its addresses',
      'bridge % (without its address, of network front)',
      (bridge) => ip('address', 'flush', 'dev', bridge),
    ],
    ['deleted it', 'bridge % (gone, of network front)', (bridge) => ip('link', 'del', bridge)],
    [
      'took a container off it',
      'interface @ (taken off its bridge)',
      async () => ip('link', 'set', await end(), 'nomaster'),
    ],
  ];

  const reachable = async (port: number, name: string) => {
    expect(await internet.client.ask(HOST4, port)).toBe(`${name} saw ${CLIENT4}`);
    expect(await internet.client.ask(HOST6, port)).toBe(`${name} saw ${CLIENT6}`);
  };

  it.each(damages)(
    '(%s) doctor says so, and the next command about networks mends it',
    async (_what, finding, spoil) => {
      await internet.run('web', busybox, '--network', 'front', '-p', '8080:80');
      const bridge = await bridgeOf('front');
      await spoil(bridge);
      const { stdout } = await store.skiff(['doctor', '--format', 'json']);
      const { findings } = JSON.parse(stdout) as {
        findings: { topic: string; name: string; state: string; detail: string }[];
      };
      const limited = findings.filter(({ topic, state }) => topic === 'network' && state === 'limited');
      const said = limited.map(({ name, detail }) => `${name} (${detail})`);
      expect(said).toEqual([expect.stringContaining(finding.replace('%', bridge).replace('@', await end()))]);
      await store.ok(['network', 'ls']);
      await reachable(8080, 'web');
      const after = await store.skiff(['doctor', '--format', 'json']);
      expect(after.stdout).not.toMatch(/switched off by somebody|of network front|taken off its bridge/);
    },
  );

  it.each(damages.slice(0, -1))(
    '(%s) the next container mends it, for the others as well',
    async (_what, _finding, spoil) => {
      await internet.run('web', busybox, '--network', 'front', '-p', '8080:80');
      await spoil(await bridgeOf('front'));
      await internet.run('next', busybox, '--network', 'front', '-p', '8081:80');
      await reachable(8081, 'next');
      await reachable(8080, 'web');
    },
  );
});

describe('a monitor that was killed', () => {
  it('holds neither its port nor its address once another command needs them', async () => {
    await store.ok(['network', 'create', '--subnet', '172.25.0.0/24', 'tiny']);
    const wanted = ['--network', 'tiny', '--ip', '172.25.0.9', '-p', '8080:80'];
    await internet.run('lost', busybox, ...wanted);
    await killMonitor('lost');
    await internet.run('heir', busybox, ...wanted);
    expect(await internet.client.ask(HOST4, 8080)).toBe(`heir saw ${CLIENT4}`);
    expect(await internet.field('lost', '{{.State.ExitCode}}')).toBe('137');
    await internet.remove('heir', 'lost');
    await store.ok(['network', 'rm', 'tiny']);
    expect(internet.portElements()).toEqual([]);
  });

  it('leaves no element once somebody looked', async () => {
    await internet.run('lost', busybox, '--network', 'front', '-p', '8080:80', '-p', '8080:80/udp');
    expect(internet.portElements()).not.toEqual([]);
    await killMonitor('lost');
    await store.ok(['ps', '-a']);
    expect(internet.portElements()).toEqual([]);
  });
});

describe('a reboot', () => {
  it('is followed by the same networks, names and ports', async () => {
    const { host, client } = internet;
    const flags = ['--network', 'front', '--restart', 'always'];
    await internet.run('web', busybox, ...flags, '-p', '8080:80');
    await internet.run('db', busybox, ...flags, '--network-alias', 'store');
    const before = await internet.address('db', 'front');
    for (const name of ['web', 'db']) await killMonitor(name);
    rmSync(store.runRoot, { recursive: true });
    host.namespace.run('nft', 'flush', 'ruleset');
    for (const link of host.namespace.links())
      if (link !== 'up0') host.namespace.run('sh', '-c', `ip link del ${link} 2>/dev/null || true`);
    host.namespace.run(
      'sh',
      '-c',
      'echo 0 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv6/conf/all/forwarding',
    );
    host.namespace.cover('/proc/sys/kernel/random/boot_id', '01234567-89ab-cdef-0123-456789abcdef\n');
    expect((await store.ok(['system', 'start-all'])).split('\n').sort()).toEqual(['db', 'web']);
    await Promise.all([internet.inhabit('web'), internet.inhabit('db')]);
    expect(await client.ask(HOST4, 8080)).toBe(`web saw ${CLIENT4}`);
    expect(await client.ask(HOST6, 8080, 'tcp')).toBe(`web saw ${CLIENT6}`);
    // With a dot: this nslookup asks for names without one in search domains only.
    const asked = await store.skiff(['exec', 'web', 'nslookup', 'store.']);
    expect(asked.stdout).toContain(await internet.address('db', 'front'));
    expect(await internet.address('db', 'front')).toBe(before);
  });
});

/** ctnetlink: without it nobody can make the kernel forget a flow. */
const TELLS_OF_FLOWS = / ctnetlink_/.test(readFileSync('/proc/kallsyms', 'utf8'));

describe('a client that never stops sending datagrams (needs ctnetlink)', () => {
  it.skipIf(!TELLS_OF_FLOWS).each([
    ['an address of IPv4', [], HOST4, CLIENT4],
    ['an address of IPv6', ['--network', 'front'], HOST6, CLIENT6],
  ] as const)('(to %s) is led to whoever has the port now', async (_what, network, host, seen) => {
    const { client } = internet;
    const ask = () => client.ask(host, 5353, 'udp', 4000);
    const publish = ['-p', '5353:80/udp', ...network];
    await internet.run('first', busybox, ...publish);
    expect(await ask()).toBe(`first saw ${seen}`);
    await internet.remove('first');
    expect(await ask()).toBe('silence');
    await internet.run('second', busybox, ...publish);
    expect(await ask()).toBe(`second saw ${seen}`);
  });
});

describe('when all containers and networks are removed', () => {
  it('there is no element, link or lease of them', async () => {
    const { host } = internet;
    await store.ok(['network', 'create', '--ipv6', 'brief']);
    await internet.run('one', busybox, '--network', 'brief', '-p', '8080:80', '-p', '8081:80/udp');
    await internet.run('two', busybox, '--network', 'brief', '--network', 'front', '-p', '127.0.0.1::80');
    await internet.remove('one', 'two');
    await store.ok(['network', 'rm', 'brief', 'front']);
    expect(internet.portElements()).toEqual([]);
    const table = host.namespace.run('nft', 'list', 'table', 'inet', internet.table);
    expect(table).not.toContain('sk-');
    expect(host.namespace.links().filter((link) => link.startsWith('sk-'))).toEqual([]);
    const database = Database.open(storePaths(store.root).database, MIGRATIONS);
    expect(database.all('SELECT * FROM port_lease')).toEqual([]);
    expect(database.all('SELECT * FROM address_lease')).toEqual([]);
  });
});
