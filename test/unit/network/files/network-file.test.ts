import { describe, expect, it } from 'vitest';
import { decodeRecords } from '../../../../src/host/record-file.ts';
import type { Endpoint } from '../../../../src/network/address/definition.ts';
import {
  bridgeMac,
  bridgeRecords,
  compileBridges,
  compileEndpoint,
  compileRemoval,
  endpointRecords,
  NETWORK_FILE,
} from '../../../../src/network/files/network-file.ts';
import { publishElements, withdrawElements } from '../../../../src/network/nft/elements.ts';
import { endpoint, NETWORK_ID, network, port, SUBNET4, SUBNET6 } from '../definitions.ts';

const records = (changes = {}, surroundings = {}) =>
  endpointRecords(endpoint(changes), { elements: elementsOf(endpoint(changes)), ...surroundings });

function elementsOf(one: Endpoint) {
  const publish = publishElements('skiff', one);
  return publish.length === 0 ? undefined : { publish, withdraw: withdrawElements('skiff', one) };
}
/** Records by section: of the host, of the container, of the teardown. */
function sectionsOf(all: ReturnType<typeof records>) {
  const begins = ['host', 'container', 'teardown'].map((op) => all.findIndex(([name]) => name === op));
  return begins.map((begin, index) => all.slice(begin + 1, begins[index + 1]));
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('the file of an endpoint', () => {
  it('makes a pair, gives it an address and a way out, and takes it back', () => {
    expect(records()).toEqual([
      ['host'],
      ['veth', 'veth-fedcba98', 'sk-0123456789ab', 'eth0', '02:42:ac:12:00:02', '0', 'forwarding4'],
      ['address', 'sk-0123456789ab', '172.18.0.1/20'],
      ['container'],
      ['sysctl-optional', 'net/ipv6/conf/eth0/disable_ipv6', '1'],
      ['address', 'eth0', '172.18.0.2/20'],
      ['up', 'eth0'],
      ['route', 'eth0', 'default', '172.18.0.1', '0'],
      ['teardown'],
      ['delete-link', 'veth-fedcba98'],
    ]);
  });

  it('adds IPv6 where the container has it, and does not listen to routers on a bridge', () => {
    const both = network({ subnets: [SUBNET4, SUBNET6], mtu: 1400, isolated: true });
    const changes = { network: both, address6: 'fd00:1::2', isGateway4: false, isGateway6: true };
    expect(records(changes).slice(1, -2)).toEqual([
      [
        'veth',
        'veth-fedcba98',
        'sk-0123456789ab',
        'eth0',
        '02:42:ac:12:00:02',
        '1400',
        'forwarding4,forwarding6,isolated',
      ],
      ['address', 'sk-0123456789ab', '172.18.0.1/20'],
      ['address', 'sk-0123456789ab', 'fe80::1:23ff:fe45:6789/64'],
      ['address', 'sk-0123456789ab', 'fd00:1::1/64'],
      ['container'],
      ['sysctl', 'net/ipv6/conf/eth0/disable_ipv6', '0'],
      ['sysctl', 'net/ipv6/conf/eth0/accept_dad', '0'],
      ['sysctl', 'net/ipv6/conf/eth0/accept_ra', '0'],
      ['address', 'eth0', '172.18.0.2/20'],
      ['address', 'eth0', 'fd00:1::2/64'],
      ['up', 'eth0'],
      ['route', 'eth0', 'default', 'fd00:1::1', '0'],
    ]);
  });

  it('publishes ports, and forgets them and the names at the end', () => {
    const published = { ports: [port('0.0.0.0'), port('::')] };
    const all = records(published, {
      namesFile: '/run/skiff/names/networks/n/c',
      eventAttributes: '"a":"b"',
    });
    expect(all[0]).toEqual(['event', NETWORK_ID, '"a":"b"']);
    expect(all).toContainEqual(['nft', hex(publishElements('skiff', endpoint(published)))]);
    expect(all.slice(-4)).toEqual([
      ['teardown'],
      ['nft-remove', hex(withdrawElements('skiff', endpoint(published)))],
      ['delete-link', 'veth-fedcba98'],
      ['unlink', '/run/skiff/names/networks/n/c'],
    ]);
  });

  it('forgets the flows of UDP when its ports come and when they go', () => {
    const udp = [
      port('0.0.0.0', { protocol: 'udp', hostPort: 53 }),
      port('::', { protocol: 'udp', hostPort: 53 }),
    ];
    const forget = ['forget-udp', '0.0.0.0', '53', '::', '53'];
    const all = records({ ports: [port('0.0.0.0'), ...udp] });
    const [host = [], , teardown = []] = sectionsOf(all);
    expect(host.slice(-2).map(([op]) => op)).toEqual(['nft', 'forget-udp']);
    expect(host.at(-1)).toEqual(forget);
    expect(teardown[0]?.[0]).toBe('nft-remove');
    expect(teardown[1]).toEqual(forget);
  });

  it('lets a container with ports come back to itself', () => {
    const isolated = network({ isolated: true });
    const link = (changes: object) =>
      records(changes)
        .find(([op]) => op === 'veth')
        ?.at(-1);
    expect(link({ ports: [port('0.0.0.0')] })).toBe('forwarding4,hairpin');
    expect(link({ ports: [port('0.0.0.0')], network: isolated })).toBe('forwarding4,isolated,hairpin');
  });

  it('has no elements for what only a relay can do', () => {
    expect(records({ ports: [port('::1'), port('::')] }).map(([op]) => op)).not.toContain('nft');
  });

  it('leads nowhere from an internal network', () => {
    const all = records({ network: network({ internal: true }) });
    expect(all.map(([op]) => op)).not.toContain('route');
    expect(all.find(([op]) => op === 'veth')?.at(-1)).toBe('');
  });

  it('puts macvlan on an interface of the host, with a way out only where there is a gateway', () => {
    const changes = {
      network: network({
        driver: 'macvlan',
        link: 'eth0',
        macvlanMode: 'private',
        subnets: [{ subnet: '192.0.2.0/24', auxiliary: {} }],
      }),
      address4: '192.0.2.9',
    };
    expect(records(changes)).toEqual([
      ['host'],
      ['macvlan', 'eth0', 'eth0', '02:42:ac:12:00:02', '0', 'private'],
      ['container'],
      ['sysctl-optional', 'net/ipv6/conf/eth0/disable_ipv6', '1'],
      ['address', 'eth0', '192.0.2.9/24'],
      ['up', 'eth0'],
      ['teardown'],
    ]);
  });

  it('sets sysctls of its own interface only', () => {
    const sysctls = { 'net.ipv4.conf.IFNAME.log_martians': '1' };
    expect(records({ sysctls })).toContainEqual(['sysctl', 'net/ipv4/conf/eth0/log_martians', '1']);
    for (const name of ['net.ipv4.conf.all.log_martians', 'net.ipv4.ip_forward', 'kernel.a.b.IFNAME.c'])
      expect(() => records({ sysctls: { [name]: '1' } })).toThrow('is not one of an interface');
  });

  it('is what the helper reads', () => {
    const bytes = compileEndpoint(endpoint(), {});
    expect(Buffer.from(bytes).toString('utf8').split('\0').slice(0, 5)).toEqual([
      'skiff-network',
      '1',
      '1',
      'host',
      '0',
    ]);
    expect(decodeRecords(NETWORK_FILE, bytes)).toEqual(records());
  });

  it('has no NUL byte in a value', () => {
    const sysctls = { 'net.ipv4.conf.IFNAME.tag': '1\0' };
    expect(() => compileEndpoint(endpoint({ sysctls }), {})).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining('NUL byte') }),
    );
  });
});

describe('the file of bridges', () => {
  it('makes each with the addresses of the gateways', () => {
    const dual = network({ subnets: [SUBNET4, SUBNET6] });
    const bytes = compileBridges([dual, network({ driver: 'macvlan' })], [], 'skiff-0badcafe /store');
    expect(decodeRecords(NETWORK_FILE, bytes)).toEqual([
      ['host'],
      ['bridge', 'sk-0123456789ab', '02:01:23:45:67:89', '0'],
      ['sysctl', 'net/ipv4/conf/sk-0123456789ab/route_localnet', '1'],
      ['sysctl-optional', 'net/ipv4/conf/sk-0123456789ab/forwarding', '1'],
      ['sysctl', 'net/ipv6/conf/sk-0123456789ab/accept_ra', '0'],
      ['sysctl', 'net/ipv6/conf/sk-0123456789ab/disable_ipv6', '0'],
      ['sysctl', 'net/ipv6/conf/sk-0123456789ab/accept_dad', '0'],
      ['sysctl', 'net/ipv6/conf/sk-0123456789ab/forwarding', '1'],
      ['address', 'sk-0123456789ab', '172.18.0.1/20'],
      ['address', 'sk-0123456789ab', 'fe80::1:23ff:fe45:6789/64'],
      ['address', 'sk-0123456789ab', 'fd00:1::1/64'],
      ['up', 'sk-0123456789ab'],
      ['alias', 'sk-0123456789ab', 'skiff-0badcafe /store'],
      ['container'],
      ['teardown'],
    ]);
  });

  it('has no IPv6 where the network has none, and no way to 127.0.0.1 where nothing is published', () => {
    const all = bridgeRecords(network({ internal: true }));
    expect(all).toContainEqual(['sysctl-optional', 'net/ipv6/conf/sk-0123456789ab/disable_ipv6', '1']);
    expect(all.flat().filter((word) => word.endsWith('route_localnet'))).toEqual([]);
  });

  it('that takes one away says nothing else, but for what the firewall loses', () => {
    const bridge = { link: 'sk-0123456789ab', mac: bridgeMac(network().id) };
    const removal = ['host', 'container', 'teardown'].map((section) => [section]);
    const gone = ['delete-bridge', 'sk-0123456789ab', '02:01:23:45:67:89'];
    expect(decodeRecords(NETWORK_FILE, compileRemoval([bridge]))).toEqual([...removal, gone]);
    expect(decodeRecords(NETWORK_FILE, compileRemoval([bridge], Uint8Array.of(20, 0)))).toEqual([
      ...removal,
      gone,
      ['nft-remove', '1400'],
    ]);
  });
});
