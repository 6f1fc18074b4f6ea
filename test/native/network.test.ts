import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseLinks } from '../../src/network/links.ts';
import { encodePlan, type PlanRecord } from '../../src/runtime/record.ts';
import { tries } from '../helpers/long.ts';
import { NetworkNamespace } from '../helpers/network-namespace.ts';
import { deleteElement, getChain, newChain, newElement, newRule, newTable } from '../helpers/nft-messages.ts';
import { finished, gone, HELPER, HELPER_IS_STATIC, useRoom } from '../helpers/plan.ts';
import { until } from '../helpers/until.ts';

const room = useRoom();
const ENV = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0' };

/** What is the host to the helper. */
let host: NetworkNamespace;
let inside: NetworkNamespace;
let directory: string;

beforeAll(async () => {
  host = await NetworkNamespace.make();
  host.run('ip', 'link', 'set', 'lo', 'up');
  host.run('nft', 'add table inet ship; add set inet ship berths { type inet_service; }');
  host.run('nft', 'add chain inet ship gate; add rule inet ship gate accept; add rule inet ship gate accept');
});

beforeEach(async () => {
  inside = await NetworkNamespace.make();
  directory = join(room.root, 'networks');
  mkdirSync(directory);
});

afterEach(async () => {
  await inside.remove();
  rmSync(directory, { recursive: true, force: true });
  for (const link of host.links()) spawnSync('nsenter', [...host.enter.slice(1), 'ip', 'link', 'del', link]);
  host.run('nft', 'flush set inet ship berths');
});

afterAll(async () => await host.remove());

const BRIDGE: PlanRecord[] = [
  ['bridge', 'quay0', '02:00:00:00:00:01', '0'],
  ['address', 'quay0', '10.9.0.1/24'],
  ['address', 'quay0', 'fd00:9::1/64'],
];

function veth(flags = '', mtu = '0'): PlanRecord {
  return ['veth', 'quayside1', 'quay0', 'eth0', '02:00:00:00:00:02', mtu, flags];
}

const INSIDE: PlanRecord[] = [
  ['address', 'eth0', '10.9.0.2/24'],
  ['sysctl-optional', 'net/ipv6/conf/eth0/disable_ipv6', '0'],
  ['address', 'eth0', 'fd00:9::2/64'],
  ['up', 'eth0'],
  ['route', 'eth0', 'default', '10.9.0.1', '7'],
  ['route', 'eth0', 'default', 'fd00:9::1', '0'],
  ['route', 'eth0', '10.77.0.0/16', '', '0'],
];

interface Sections {
  event?: PlanRecord | undefined;
  host?: PlanRecord[];
  container?: PlanRecord[];
  teardown?: PlanRecord[];
}

/** The bytes of a network file. */
function networkFile({ event, ...sections }: Sections): Uint8Array {
  const { host: hosts = [], container = [], teardown = [['delete-link', 'quayside1']] } = sections;
  const records: PlanRecord[] = [
    ...(event === undefined ? [] : [event]),
    ['host'],
    ...hosts,
    ['container'],
    ...container,
    ['teardown'],
    ...teardown,
  ];
  return Buffer.from(Buffer.from(encodePlan(records)).toString().replace('skiff-plan', 'skiff-network'));
}

function write(sections: Sections): string {
  const path = join(directory, 'eth0');
  writeFileSync(path, networkFile(sections));
  return path;
}

/** Runs a verb in the namespace that is the host's. */
function verb(args: readonly string[], input?: Uint8Array) {
  const [nsenter = '', ...entering] = host.enter;
  const { status, stdout, stderr } = spawnSync(nsenter, [...entering, HELPER, ...args], { input, env: ENV });
  return { code: status, stdout, stderr: stderr.toString() };
}

function target(): string[] {
  return [String(inside.pid), String(inside.startTime)];
}

function up(sections: Sections) {
  return verb(['network', write(sections), 'up', ...target()]);
}

function berths(): number[] {
  const { nftables } = JSON.parse(host.run('nft', '-j', 'list', 'set', 'inet', 'ship', 'berths'));
  return nftables.flatMap((entry: { set?: { elem?: number[] } }) => entry.set?.elem ?? []);
}

function addressesOf(namespace: NetworkNamespace, link: string): unknown[] {
  const [found = {}] = namespace.ip('address', 'show', 'dev', link, 'scope', 'global');
  const entries = (found['addr_info'] as Record<string, unknown>[]).filter(({ local }) => local);
  return entries.map(({ family, local, prefixlen, broadcast, tentative }) => {
    return { family, local, prefixlen, broadcast, tentative };
  });
}

const fine = { code: 0, stderr: '' };

/** ENETUNREACH in the words of musl, or of glibc. */
const UNREACHABLE = HELPER_IS_STATIC ? 'Network unreachable' : 'Network is unreachable';

describe('a pair for a bridge that is not as it should be', () => {
  const set = (name: string, value: number) => host.run('sh', '-c', `echo ${value} >/proc/sys/net/${name}`);

  beforeEach(() => {
    expect(verb(['network', write({ host: BRIDGE }), 'up'])).toMatchObject(fine);
    for (const family of ['ipv4', 'ipv6']) set(`${family}/conf/quay0/forwarding`, 1);
  });

  it('is made when it is', () => {
    expect(up({ host: [veth('forwarding4,forwarding6')] })).toMatchObject(fine);
  });

  it.each([
    ['down', 'Network is down', () => host.run('ip', 'link', 'set', 'quay0', 'down'), ''],
    ['not forwarding', UNREACHABLE, () => set('ipv4/conf/quay0/forwarding', 0), 'forwarding4'],
    ['as the host does not forward', UNREACHABLE, () => set('ipv4/ip_forward', 0), 'forwarding4'],
    [
      'not forwarding IPv6, as the host does not',
      UNREACHABLE,
      () => {
        set('ipv6/conf/all/forwarding', 1);
        set('ipv6/conf/all/forwarding', 0);
      },
      'forwarding6',
    ],
  ])('is refused: %s', (_what, reason, spoil, flags) => {
    set('ipv4/ip_forward', 1);
    spoil();
    expect(up({ host: [veth(flags)] })).toMatchObject({
      code: 1,
      stderr: `skiff-helper: veth: quay0: ${reason}\n`,
    });
    expect(host.links()).toEqual(['quay0']);
  });

  it('is made where nobody wants packets of that family forwarded', () => {
    set('ipv4/conf/quay0/forwarding', 0);
    expect(up({ host: [veth('forwarding6')] })).toMatchObject(fine);
  });
});

/** Links and addresses without what the kernel changes in its own time: carriers, and addresses that it derives. */
function settings(addresses: string): string {
  return addresses
    .replace(/(NO-CARRIER,|,LOWER_UP| state \w+)/g, '')
    .replace(/^ +inet6 \S+ scope link.*\n.*\n/gm, '');
}

describe('network check', () => {
  const wanted: PlanRecord[] = [
    ...BRIDGE,
    ['sysctl', 'net/ipv4/conf/quay0/route_localnet', '1'],
    ['sysctl-optional', 'net/ipv4/conf/quay0/unheard', '1'],
    ['rejoin', 'quayside1', 'quay0', 'hairpin'],
    ['rejoin', 'quayside2', 'quay0', ''],
  ];
  const { EADDRNOTAVAIL, EEXIST, EINVAL, ENETDOWN, ENODEV, ENOENT, ENOTCONN } = constants.errno;

  /** What is not so: stage, errno, detail. */
  function flaws(): string[][] {
    const { code, stdout, stderr } = verb(['network', write({ host: wanted }), 'check']);
    expect({ code, stderr }).toMatchObject(fine);
    const fields = stdout.toString().split('\0').slice(0, -1);
    return Array.from({ length: fields.length / 3 }, (_, at) => fields.slice(3 * at, 3 * at + 3));
  }
  const ip = (...args: string[]) => host.run('ip', ...args);

  beforeEach(() => {
    expect(up({ host: [...wanted.slice(0, 4), veth()], container: INSIDE })).toMatchObject(fine);
  });

  it('finds nothing where all is as the file says, and changes nothing', () => {
    const before = settings(ip('address'));
    expect(flaws()).toEqual([]);
    expect(settings(ip('address'))).toBe(before);
  });

  it.each<[string, string[][], () => void]>([
    [
      'a bridge that is down',
      [
        ['bridge', `${ENETDOWN}`, 'quay0'],
        ['address', `${EADDRNOTAVAIL}`, 'quay0'],
      ],
      () => ip('link', 'set', 'quay0', 'down'),
    ],
    [
      'no address',
      [['address', `${EADDRNOTAVAIL}`, 'quay0']],
      () => ip('address', 'del', '10.9.0.1/24', 'dev', 'quay0'),
    ],
    [
      'an address of another length',
      [['address', `${EADDRNOTAVAIL}`, 'quay0']],
      () => {
        ip('address', 'del', 'fd00:9::1/64', 'dev', 'quay0');
        ip('address', 'add', 'fd00:9::1/80', 'dev', 'quay0');
      },
    ],
    [
      'a sysctl',
      [['sysctl', `${EINVAL}`, 'net/ipv4/conf/quay0/route_localnet']],
      () => host.run('sh', '-c', 'echo 0 >/proc/sys/net/ipv4/conf/quay0/route_localnet'),
    ],
    [
      'an end of a container that is off the bridge',
      [['veth', `${ENOTCONN}`, 'quayside1']],
      () => ip('link', 'set', 'quayside1', 'nomaster'),
    ],
    [
      'a bridge that is gone',
      [
        ['bridge', `${ENODEV}`, 'quay0'],
        ['address', `${ENODEV}`, 'quay0'],
        ['address', `${ENODEV}`, 'quay0'],
        ['sysctl', `${ENOENT}`, 'net/ipv4/conf/quay0/route_localnet'],
      ],
      () => ip('link', 'del', 'quay0'),
    ],
    [
      'another link in its place',
      [
        ['bridge', `${EEXIST}`, 'quay0'],
        ['address', `${EADDRNOTAVAIL}`, 'quay0'],
        ['address', `${EADDRNOTAVAIL}`, 'quay0'],
        ['sysctl', `${EINVAL}`, 'net/ipv4/conf/quay0/route_localnet'],
        ['veth', `${ENOTCONN}`, 'quayside1'],
      ],
      () => {
        ip('link', 'del', 'quay0');
        ip('link', 'add', 'quay0', 'type', 'veth', 'peer', 'name', 'quay9');
      },
    ],
  ])('finds %s', (_what, expected, spoil) => {
    spoil();
    expect(flaws()).toEqual(expected);
  });

  it('fails for a file that is none', () => {
    expect(verb(['network', join(directory, 'missing'), 'check']).code).toBe(1);
  });
});

describe('network up', () => {
  it('connects a container to a bridge that it makes', () => {
    expect(up({ host: [...BRIDGE, veth()], container: INSIDE })).toMatchObject(fine);
    expect(host.ip('link', 'show', 'quay0')).toMatchObject([
      { address: '02:00:00:00:00:01', linkinfo: { info_kind: 'bridge' }, operstate: 'UP' },
    ]);
    expect(host.ip('link', 'show', 'quayside1')).toMatchObject([{ master: 'quay0', operstate: 'UP' }]);
    expect(inside.ip('link', 'show', 'eth0')).toMatchObject([
      { address: '02:00:00:00:00:02', mtu: 1500, linkinfo: { info_kind: 'veth' }, operstate: 'UP' },
    ]);
    expect(addressesOf(host, 'quay0')).toMatchObject([{ local: '10.9.0.1' }, { local: 'fd00:9::1' }]);
    expect(addressesOf(inside, 'eth0')).toEqual([
      { family: 'inet', local: '10.9.0.2', prefixlen: 24, broadcast: '10.9.0.255', tentative: undefined },
      { family: 'inet6', local: 'fd00:9::2', prefixlen: 64, broadcast: undefined, tentative: undefined },
    ]);
    expect(inside.ip('route')).toMatchObject([
      { dst: 'default', gateway: '10.9.0.1', dev: 'eth0', metric: 7 },
      { dst: '10.9.0.0/24' },
      { dst: '10.77.0.0/16', dev: 'eth0' },
    ]);
    expect(inside.ip('-6', 'route', 'show', 'default')).toMatchObject([{ gateway: 'fd00:9::1' }]);
  });

  it('makes a port that gives frames back to where they came from', () => {
    expect(up({ host: [...BRIDGE, veth('isolated,hairpin')], container: INSIDE })).toMatchObject(fine);
    const port = { linkinfo: { info_slave_data: { isolated: true, hairpin: true } } };
    expect(host.ip('link', 'show', 'quayside1')).toMatchObject([port]);
  });

  it('makes an isolated port with an MTU of its own', () => {
    expect(up({ host: [...BRIDGE, veth('isolated', '1280')], container: INSIDE })).toMatchObject(fine);
    const port = { mtu: 1280, linkinfo: { info_slave_data: { isolated: true, hairpin: false } } };
    expect(host.ip('link', 'show', 'quayside1')).toMatchObject([port]);
    expect(inside.ip('link', 'show', 'eth0')).toMatchObject([{ mtu: 1280 }]);
  });

  it('makes a port that frames leave as they came, and refuses flags that are none', () => {
    expect(up({ host: [...BRIDGE, veth('hairpin')], container: INSIDE })).toMatchObject(fine);
    const port = { linkinfo: { info_slave_data: { isolated: false, hairpin: true } } };
    expect(host.ip('link', 'show', 'quayside1')).toMatchObject([port]);
    expect(up({ host: [...BRIDGE, veth('isolated,other')], container: INSIDE })).toMatchObject({
      code: 1,
      stderr: 'skiff-helper: veth: quay0: Invalid argument\n',
    });
  });

  it('takes the MTU of the bridge when none is asked for', () => {
    const bridge: PlanRecord = ['bridge', 'quay0', '02:00:00:00:00:01', '1400'];
    expect(up({ host: [bridge, veth()], container: [['up', 'eth0']] })).toMatchObject(fine);
    expect(inside.ip('link', 'show', 'eth0')).toMatchObject([{ mtu: 1400 }]);
  });

  it('takes a bridge, an address and a port that are there already', () => {
    const sections = { host: [...BRIDGE, veth()], container: INSIDE };
    expect(up(sections)).toMatchObject(fine);
    host.run('ip', 'link', 'set', 'quay0', 'down');
    expect(up(sections)).toMatchObject(fine);
    expect(host.ip('link', 'show', 'quay0')).toMatchObject([{ operstate: 'UP' }]);
    expect(inside.links()).toEqual(['eth0']);
  });

  it('puts a macvlan interface into the container', () => {
    host.run('ip', 'link', 'add', 'name', 'pier0', 'type', 'veth', 'peer', 'name', 'pier1');
    const macvlan: PlanRecord = ['macvlan', 'pier0', 'eth0', '02:00:00:00:00:03', '0', 'private'];
    expect(up({ host: [macvlan], container: [['address', 'eth0', '10.9.0.3/24']] })).toMatchObject(fine);
    expect(inside.ip('link', 'show', 'eth0')).toMatchObject([
      { address: '02:00:00:00:00:03', linkinfo: { info_kind: 'macvlan', info_data: { mode: 'private' } } },
    ]);
  });

  it('sets sysctls where they are meant, and passes over an optional one that is not there', () => {
    const sysctl: PlanRecord = ['sysctl', 'net/ipv4/conf/eth0/forwarding', '1'];
    const optional: PlanRecord = ['sysctl-optional', 'net/ipv4/conf/nothing/forwarding', '1'];
    expect(up({ host: [...BRIDGE, veth()], container: [sysctl, optional] })).toMatchObject(fine);
    expect(inside.run('cat', '/proc/sys/net/ipv4/conf/eth0/forwarding')).toBe('1\n');
  });

  it('performs messages of nf_tables as one transaction, in either namespace', () => {
    const rules = Buffer.concat([newTable('deck'), newChain('deck', 'hatch'), newRule('deck', 'hatch')]);
    const elements = Buffer.concat([newElement('ship', 'berths', 80), newElement('ship', 'berths', 443)]);
    const nft = (bytes: Buffer): PlanRecord => ['nft', bytes.toString('hex')];
    expect(up({ host: [nft(elements)], container: [nft(rules)] })).toMatchObject(fine);
    expect(berths()).toEqual([80, 443]);
    expect(inside.run('nft', 'list', 'ruleset')).toContain('table inet deck');
    expect(host.run('nft', 'list', 'tables')).toBe('table inet ship\n');
  });

  it('sends a transaction that is larger than a socket takes by itself', () => {
    const elements = Array.from({ length: 5000 }, (_, i) => newElement('ship', 'berths', 1000 + i));
    expect(up({ host: [['nft', Buffer.concat(elements).toString('hex')]] })).toMatchObject(fine);
    expect(berths()).toHaveLength(5000);
  });

  it.each<[string, Sections, string]>([
    ['a bridge that is missing', { host: [veth()] }, 'veth: quay0: No such device'],
    [
      'a parent that is missing',
      { host: [['macvlan', 'pier9', 'eth0', '02:00:00:00:00:03', '0', 'bridge']] },
      'macvlan: pier9: No such device',
    ],
    [
      'a bridge that is something else',
      { host: [['bridge', 'lo', '02:00:00:00:00:01', '0']] },
      'bridge: lo: File exists',
    ],
    [
      'a MAC address that is none',
      { host: [['bridge', 'quay0', '02:00:00:00:00:0g', '0']] },
      'bridge: quay0: Invalid argument',
    ],
    [
      'an address that is none',
      { container: [['address', 'lo', '10.9.0.300/24']] },
      'address: lo 10.9.0.300/24: Invalid argument',
    ],
    ['a link that is missing', { container: [['up', 'eth7']] }, 'up: eth7: No such device'],
    [
      'a gateway that cannot be reached',
      {
        host: [...BRIDGE, veth()],
        container: [
          ['up', 'eth0'],
          ['route', 'eth0', 'default', '10.8.0.1', '0'],
        ],
      },
      'route: eth0 default 10.8.0.1: Network ',
    ],
    [
      'a sysctl that is missing',
      { host: [['sysctl', 'net/ipv4/nothing', '1']] },
      'sysctl: net/ipv4/nothing: No such file or directory',
    ],
    [
      'a set that is missing',
      {
        host: [
          [
            'nft',
            Buffer.concat([newElement('ship', 'berths', 1), newElement('ship', 'docks', 2)]).toString('hex'),
          ],
        ],
      },
      'nft: ship docks: No such file or directory',
    ],
    ['messages that are none', { host: [['nft', '1400']] }, 'nft: nf_tables: Invalid argument'],
    ['a record that is not known', { host: [['rope', 'x']] }, 'network: rope: Invalid argument'],
    ['a record in the wrong section', { container: [veth()] }, 'network: veth: Invalid argument'],
  ])('tells of %s, and leaves nothing', (_, sections, complaint) => {
    const { code, stderr } = up(sections);
    expect(code).toBe(1);
    expect(stderr.startsWith(`skiff-helper: ${complaint}`), stderr).toBe(true);
    expect(host.links()).not.toContain('quayside1');
    expect(inside.links()).toEqual([]);
    expect(berths()).toEqual([]);
  });

  it('tells that the container has ended, or that its pid is another process by now', () => {
    const file = write({ host: BRIDGE });
    const other = [String(inside.pid), String(inside.startTime + 1)];
    const complaint = `skiff-helper: target: ${inside.pid}: No such process\n`;
    expect(verb(['network', file, 'up', ...other])).toMatchObject({ code: 1, stderr: complaint });
    expect(host.links()).toEqual([]);
  });

  it('performs what belongs to no container, and refuses the rest without one', () => {
    expect(verb(['network', write({ host: BRIDGE }), 'up'])).toMatchObject(fine);
    expect(host.links()).toEqual(['quay0']);
    const file = write({ container: [['up', 'lo']] });
    expect(verb(['network', file, 'up']).stderr).toBe('skiff-helper: network: container: Invalid argument\n');
  });

  it('needs a kernel that lets it', () => {
    const file = write({ host: BRIDGE });
    const [nsenter = '', ...entering] = host.enter;
    const unprivileged = ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin'];
    const { stderr } = spawnSync(nsenter, [...entering, ...unprivileged, HELPER, 'network', file, 'up'], {
      env: ENV,
    });
    expect(stderr.toString()).toBe('skiff-helper: bridge: quay0: Operation not permitted\n');
  });
});

describe('network down', () => {
  it('takes away what is there, and is content with what is not', () => {
    const names = join(room.root, 'names');
    writeFileSync(names, '');
    const elements = Buffer.concat([
      deleteElement('ship', 'berths', 80),
      deleteElement('ship', 'berths', 443),
    ]);
    const teardown: PlanRecord[] = [
      ['nft-remove', elements.toString('hex')],
      ['unlink', names],
      ['delete-link', 'quayside1'],
    ];
    const nft: PlanRecord = ['nft', newElement('ship', 'berths', 443).toString('hex')];
    expect(up({ host: [...BRIDGE, veth(), nft], container: INSIDE, teardown })).toMatchObject(fine);
    expect(berths()).toEqual([443]);
    for (const _ of ['once', 'again'])
      expect(verb(['network', join(directory, 'eth0'), 'down'])).toMatchObject(fine);
    expect(host.links()).toEqual(['quay0']);
    expect(berths()).toEqual([]);
    expect(existsSync(names)).toBe(false);
  });

  it('says on a link whose it is, and lists links with what they carry', () => {
    const alias = 'skiff-0badcafe /some where';
    const both: PlanRecord[] = [...BRIDGE, ['alias', 'quay0', alias], veth()];
    expect(up({ host: both })).toMatchObject(fine);
    expect(host.ip('link', 'show', 'quay0')).toMatchObject([{ ifalias: alias }]);
    const { code, stdout } = verb(['network', 'links']);
    expect(code).toBe(0);
    const found = parseLinks(stdout);
    const bridge = found.find(({ name }) => name === 'quay0');
    expect(bridge).toMatchObject({ kind: 'bridge', mac: '02:00:00:00:00:01', master: 0, alias });
    expect(found.find(({ name }) => name === 'quayside1')).toMatchObject({
      kind: 'veth',
      master: bridge?.index,
      alias: '',
    });
    expect(found.map(({ name }) => name).sort()).toEqual(
      host
        .ip('link')
        .map(({ ifname }) => ifname)
        .sort(),
    );
    expect(up({ host: [['alias', 'quay0', 'x'.repeat(256)]] }).stderr).toMatch(
      /^skiff-helper: alias: quay0: /,
    );
    expect(up({ host: [['alias', 'nothing0', 'x']] }).stderr).toContain('alias: nothing0: No such device');
  });

  it('lists more links than one answer of the kernel holds', async () => {
    const crowded = await NetworkNamespace.make();
    const names = Array.from({ length: 100 }, (_, index) => `many${index}`);
    const commands = names.map((name) => `link add ${name} type bridge\n`).join('');
    crowded.run('sh', '-c', `printf '${commands}' | ip -batch -`);
    const [nsenter = '', ...entering] = crowded.enter;
    const { stdout } = spawnSync(nsenter, [...entering, HELPER, 'network', 'links'], { env: ENV });
    const found = parseLinks(stdout).map(({ name }) => name);
    expect(found.filter((name) => name.startsWith('many')).sort()).toEqual(names.sort());
    await crowded.remove();
  });

  it('takes a bridge away only if it was made with that address', () => {
    const remove = (mac: string) => write({ teardown: [['delete-bridge', 'quay0', mac]] });
    expect(verb(['network', write({ host: BRIDGE }), 'up'])).toMatchObject(fine);
    expect(verb(['network', remove('02:00:00:00:00:99'), 'down'])).toMatchObject(fine);
    expect(host.links()).toEqual(['quay0']);
    for (const _ of ['once', 'again'])
      expect(verb(['network', remove('02:00:00:00:00:01'), 'down'])).toMatchObject(fine);
    expect(host.links()).toEqual([]);
  });

  it('goes on after a step that fails, and tells of it', () => {
    const file = write({
      host: BRIDGE,
      teardown: [
        ['unlink', '/proc/version'],
        ['delete-link', 'quay0'],
      ],
    });
    expect(verb(['network', file, 'up'])).toMatchObject(fine);
    expect(verb(['network', file, 'down'])).toMatchObject({
      code: 1,
      stderr: 'skiff-helper: unlink: /proc/version: Operation not permitted\n',
    });
    expect(host.links()).toEqual([]);
  });
});

/** ctnetlink: without it nobody can make the kernel forget a flow. */
const TELLS_OF_FLOWS = / ctnetlink_/.test(readFileSync('/proc/kallsyms', 'utf8'));

describe.skipIf(!TELLS_OF_FLOWS)('UDP flows (needs ctnetlink)', () => {
  /** More than one answer of the kernel can hold. */
  const MANY = 1000;

  beforeEach(() => {
    host.run('nft', 'add table inet tide; add chain inet tide c { type filter hook output priority 0; }');
    host.run('nft', 'add rule inet tide c ct state new accept');
  });
  afterEach(() => host.run('nft', 'delete table inet tide'));

  function send(address: string, port: number, count = 1): void {
    host.run('bash', '-c', `for i in $(seq ${count}); do echo >/dev/udp/${address}/${port}; done`);
  }

  /** Those of the kernel, as destination and port, each once. */
  function flows(): string[] {
    const entries = host
      .run('cat', '/proc/net/nf_conntrack')
      .matchAll(/ udp .*? dst=(\S+) sport=\d+ dport=(\d+)/g);
    const begun = [...entries].map(
      ([, address = '', port = '']) => `${address.replace(/(:0000)+:/, '::')} ${port}`,
    );
    return [...new Set(begun)].map((flow) => flow.replace('0000::0001', '::1')).sort();
  }

  it('to a port of an address, and to a port of every address, are forgotten, and no others', () => {
    send('127.0.0.1', 5000, MANY);
    for (const [address, port] of [
      ['127.0.0.2', 5000],
      ['127.0.0.1', 6000],
      ['::1', 6000],
    ] as const)
      send(address, port);
    const forget = (...ports: string[]) => {
      const file = write({ host: [['forget-udp', ...ports]] });
      expect(verb(['network', file, 'up'])).toMatchObject(fine);
    };
    expect(flows()).toEqual(['127.0.0.1 5000', '127.0.0.1 6000', '127.0.0.2 5000', '::1 6000']);
    forget('127.0.0.1', '5000');
    expect(flows()).toEqual(['127.0.0.1 6000', '127.0.0.2 5000', '::1 6000']);
    forget('0.0.0.0', '5000', '0.0.0.0', '7000');
    expect(flows()).toEqual(['127.0.0.1 6000', '::1 6000']);
    forget('127.0.0.1', '6000', '::', '6000');
    expect(flows()).toEqual([]);
  });

  it('to any of a thousand ports are forgotten, and no others', () => {
    for (const port of [5000, 5999, 6000]) send('127.0.0.1', port);
    send('::1', 5000);
    const range = Array.from({ length: 1000 }, (_, index) => ['0.0.0.0', String(5000 + index)]).flat();
    const file = write({ host: [['forget-udp', ...range]] });
    expect(verb(['network', file, 'up'])).toMatchObject(fine);
    expect(flows()).toEqual(['127.0.0.1 6000', '::1 5000']);
  });

  it('are forgotten at the end as well', () => {
    send('127.0.0.1', 5000);
    expect(flows()).toContain('127.0.0.1 5000');
    const file = write({ teardown: [['forget-udp', '0.0.0.0', '5000']] });
    expect(verb(['network', file, 'down'])).toMatchObject(fine);
    expect(flows()).not.toContain('127.0.0.1 5000');
  });

  it.each([
    [['127.0.0.1']],
    [['127.0.0.1', '5000', '127.0.0.2']],
    [['127.0.0.1', '65536']],
    [['quay0', '5000']],
  ])('are not looked for with %j', (ports) => {
    const { code, stderr } = verb(['network', write({ host: [['forget-udp', ...ports]] }), 'up']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('Invalid argument')]);
  });
});

describe('the lock of network files', () => {
  /** Holds the lock until its standard input ends. */
  async function hold(): Promise<ChildProcess> {
    const child = spawn('flock', [directory, 'sh', '-c', 'echo held; cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    return child;
  }

  function waiting(file: string): ChildProcess {
    const [nsenter = '', ...entering] = host.enter;
    return spawn(nsenter, [...entering, HELPER, 'network', file, 'up'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: ENV,
    });
  }

  /** Resolves when the kernel shows that a process waits for a lock. */
  async function blocked(child: ChildProcess): Promise<void> {
    const waits = new RegExp(`^\\d+: -> FLOCK .* ${child.pid} `, 'm');
    await until(() => waits.test(readFileSync('/proc/locks', 'utf8')));
  }

  it('is waited for', async () => {
    const holder = await hold();
    const child = waiting(write({ host: BRIDGE }));
    await blocked(child);
    expect(host.links()).toEqual([]);
    const ended = once(child, 'close');
    holder.stdin?.end();
    expect(await ended).toEqual([0, null]);
    expect(host.links()).toEqual(['quay0']);
  });

  it('of a container that went meanwhile says that it is gone', async () => {
    const holder = await hold();
    const child = waiting(write({ host: BRIDGE }));
    const ended = once(child, 'close');
    let stderr = '';
    child.stderr?.on('data', (text) => (stderr += text));
    await blocked(child);
    rmSync(directory, { recursive: true });
    holder.stdin?.end();
    expect(await ended).toEqual([1, null]);
    expect(stderr).toBe(`skiff-helper: target: ${directory}/: No such file or directory\n`);
    expect(host.links()).toEqual([]);
  });
});

describe('nft', () => {
  it('performs a batch, all of it or nothing', () => {
    const good = [newTable('deck'), newChain('deck', 'hatch'), newRule('deck', 'hatch')];
    expect(verb(['nft', 'batch'], Buffer.concat([...good, newRule('deck', 'bilge')]))).toMatchObject({
      code: 1,
      stderr: 'skiff-helper: nft: deck bilge: No such file or directory\n',
    });
    expect(host.run('nft', 'list', 'tables')).not.toContain('deck');
    expect(verb(['nft', 'batch'], Buffer.concat(good))).toMatchObject(fine);
    expect(host.run('nft', 'list', 'tables')).toContain('deck');
    host.run('nft', 'delete', 'table', 'inet', 'deck');
  });

  it('hands on what the kernel answers', () => {
    const { code, stdout } = verb(['nft', 'get'], getChain('ship', 'gate'));
    expect(code).toBe(0);
    expect(stdout.readUInt32LE(0)).toBe(stdout.length);
    expect(stdout.toString('latin1')).toContain('gate\0');
    expect(verb(['nft', 'get'], getChain('ship', 'hold'))).toMatchObject({
      code: 1,
      stderr: 'skiff-helper: nft: nf_tables: No such file or directory\n',
    });
  });

  it('tells how many rules a chain has, also of one that is being replaced all the time', async () => {
    const chain = `chain hatch { ${'accept; '.repeat(8)} }`;
    const script = `table inet deck {}; delete table inet deck; table inet deck { ${chain}; }`;
    host.run('nft', script);
    const intact = (rules: number) => verb(['nft', 'intact', 'deck', 'hatch', String(rules)]).code;
    expect([7, 8, 9].map(intact)).toEqual([1, 0, 1]);
    expect(verb(['nft', 'intact', 'deck', 'hold', '8']).code).toBe(1);
    const loop = 'while read -t 0.001 _; [ $? -gt 128 ]; do nft "$0" || exit 1; done';
    const replacing = spawn(host.enter[0] ?? '', [...host.enter.slice(1), 'bash', '-c', loop, script], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const ended = once(replacing, 'close');
    // One shell asks so often: to enter the namespace for each would cost more than the questions.
    const asking = `for i in $(seq ${tries(500)}); do "$0" nft intact deck hatch 8 || echo "not in round $i"; done`;
    expect(host.run('env', `ASAN_OPTIONS=${ENV.ASAN_OPTIONS}`, 'sh', '-c', asking, HELPER)).toBe('');
    replacing.stdin.end();
    expect(await ended).toEqual([0, null]);
    host.run('nft', 'delete', 'table', 'inet', 'deck');
  });
});

describe('a container with networks', () => {
  /** A plan with one endpoint, and the bridge that it needs. */
  function planned(
    args: readonly string[],
    more: { general?: PlanRecord[]; firstId?: number; file?: Sections } = {},
  ) {
    const { general = [], firstId, file = {} } = more;
    const journal = join(room.root, 'events.log');
    rmSync(journal, { force: true });
    const container = room.plan({
      args,
      ...(firstId === undefined ? {} : { firstId }),
      network: host,
      general: [
        ['networks', directory],
        ['firewall', 'ship', 'gate', '2'],
        ['events', journal, '"image":"busybox"'],
        ...general,
      ],
      afterPivot: [['await-network']],
    });
    write({
      event: ['event', 'f'.repeat(64), '"container":"x"'],
      host: [veth(), ['nft', newElement('ship', 'berths', 80).toString('hex')]],
      container: INSIDE,
      teardown: [
        ['nft-remove', deleteElement('ship', 'berths', 80).toString('hex')],
        ['delete-link', 'quayside1'],
      ],
      ...file,
    });
    return { container, journal };
  }

  /** Whether somebody waits for a lock on it (proc_locks(5)). */
  function isAwaited(path: string): boolean {
    const waiting = new RegExp(`-> FLOCK .*:${statSync(path).ino} `);
    return waiting.test(readFileSync('/proc/locks', 'utf8'));
  }

  function makeBridge(): void {
    const file = join(room.root, 'quay0');
    writeFileSync(file, networkFile({ host: BRIDGE }));
    expect(verb(['network', file, 'up'])).toMatchObject(fine);
  }

  const REPAIR = join(room.root, 'repair');
  const REPAIRED = join(room.root, 'repaired');

  /** A command that notes that it ran. */
  function repairBy(...lines: string[]): PlanRecord {
    rmSync(REPAIRED, { force: true });
    writeFileSync(REPAIR, ['#!/bin/sh', `echo repaired >>${REPAIRED}`, ...lines].join('\n'), { mode: 0o700 });
    return ['repair', REPAIR];
  }

  function actions(journal: string): string[] {
    const lines = readFileSync(journal, 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line)).map(({ Type, Action }) => `${Type} ${Action}`);
  }

  const SHOW = ['sh', '-c', 'ip -o -4 addr show eth0; ip route; ping -c 1 -W 5 10.9.0.1'];

  it('is connected before its command runs, and nothing is left of that at its end', async () => {
    makeBridge();
    const { container, journal } = planned(SHOW);
    const result = await container.run();
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout.toString()).toMatch(/10\.9\.0\.2\/24.*default via 10\.9\.0\.1.* 0% packet loss/s);
    expect(berths()).toEqual([]);
    expect(container.leftovers()).toEqual([]);
    expect(actions(journal)).toEqual([
      'network connect',
      'container start',
      'container die',
      'network disconnect',
    ]);
    expect(JSON.parse(readFileSync(journal, 'utf8').split('\n')[0] ?? '')).toMatchObject({
      Actor: { ID: 'f'.repeat(64), Attributes: { container: 'x' } },
    });
  });

  it.runIf(HELPER_IS_STATIC)('is connected in a user namespace, too', async () => {
    makeBridge();
    const { container } = planned(SHOW, { firstId: 200000 });
    const result = await container.run();
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout.toString()).toContain(' 0% packet loss');
  });

  it('has its firewall repaired, once, when it is not what it should be', async () => {
    makeBridge();
    const { container } = planned(['true'], {
      general: [
        ['firewall', 'ship', 'plank', '1'],
        repairBy('nft add chain inet ship plank', 'nft add rule inet ship plank accept'),
      ],
    });
    const plan = readFileSync(container.planPath, 'utf8').replace('firewall\x003\0ship\0gate\x002\0', '');
    writeFileSync(container.planPath, plan);
    expect(await container.run()).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(REPAIRED, 'utf8')).toBe('repaired\n');
    host.run('nft', 'delete', 'chain', 'inet', 'ship', 'plank');
  });

  it('has its bridge made anew when it is missing', async () => {
    const { container } = planned(SHOW, {
      general: [repairBy(`exec ${HELPER} network ${join(room.root, 'quay0')} up`)],
    });
    writeFileSync(join(room.root, 'quay0'), networkFile({ host: BRIDGE }));
    expect(await container.run()).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(REPAIRED, 'utf8')).toBe('repaired\n');
  });

  it('does not start when repairing does not help, or fails', async () => {
    const helpless = planned(['true'], { general: [repairBy('exit 0')] }).container;
    expect(await helpless.run()).toMatchObject({
      code: 125,
      stderr: 'skiff-helper: veth: quay0: No such device\n',
    });
    expect(readFileSync(REPAIRED, 'utf8')).toBe('repaired\n');
    const failing = planned(['true'], { general: [repairBy('echo the mast broke >&2', 'exit 1')] }).container;
    expect((await failing.run()).stderr).toMatch(/^skiff-helper: repair: the mast broke: /);
    expect([...helpless.leftovers(), ...failing.leftovers()]).toEqual([]);
    expect(berths()).toEqual([]);
  });

  it('does not start, and repairs nothing, when its own network file is at fault', async () => {
    makeBridge();
    const { container, journal } = planned(['true'], {
      general: [repairBy()],
      file: { container: [['up', 'eth7']] },
    });
    expect(await container.run()).toMatchObject({
      code: 125,
      stderr: 'skiff-helper: up: eth7: No such device\n',
    });
    expect(existsSync(REPAIRED)).toBe(false);
    expect(host.links()).toEqual(['quay0']);
    expect(existsSync(journal)).toBe(false);
  });

  it('is disconnected when its command cannot be executed', async () => {
    makeBridge();
    const { container, journal } = planned(['/bin/nothing']);
    expect(await container.run()).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('exec: /bin/nothing'),
    });
    expect(berths()).toEqual([]);
    expect(actions(journal)).toEqual(['network connect', 'network disconnect']);
  });

  it('is connected again at each start', async () => {
    makeBridge();
    const script = 'echo >>/runs; ping -c 1 -W 5 10.9.0.1 || exit 3; [ $(wc -l </runs) = 3 ] || exit 1';
    const { container, journal } = planned(['sh', '-c', script], {
      general: [['restart', 'on-failure', '5']],
    });
    await container.detach();
    await until(() => container.leftovers().length === 0);
    expect(container.exit.code).toBe(0);
    expect(actions(journal).filter((action) => action === 'network connect')).toHaveLength(3);
    expect(actions(journal).filter((action) => action === 'network disconnect')).toHaveLength(3);
    expect(berths()).toEqual([]);
  });

  it('is disconnected by whoever cleans up after a monitor that was killed', async () => {
    makeBridge();
    const { container } = planned(['sleep', '1000']);
    await container.detach();
    expect(berths()).toEqual([80]);
    const { monitor, init } = container.state;
    process.kill(monitor.pid, 'SIGKILL');
    await gone(monitor.pid);
    await gone(init.pid);
    expect(await container.cleanup()).toMatchObject({ code: 0 });
    expect(berths()).toEqual([]);
  });

  it('can be connected to another network while it runs', async () => {
    makeBridge();
    const { container, journal } = planned(['sleep', '1000']);
    await container.detach();
    const { pid, startTime } = container.state.init;
    const file = join(container.runDir, 'networks', 'eth1');
    mkdirSync(dirname(file));
    writeFileSync(
      file,
      networkFile({
        event: ['event', 'e'.repeat(64), ''],
        host: [['veth', 'quayside2', 'quay0', 'eth1', '02:00:00:00:00:05', '0', '']],
        container: [['address', 'eth1', '10.9.0.5/24']],
        teardown: [['delete-link', 'quayside2']],
      }),
    );
    expect(verb(['network', file, 'up', String(pid), String(startTime)])).toMatchObject(fine);
    expect((await container.execute({ args: ['ip', 'addr', 'show', 'eth1'] })).stdout.toString()).toContain(
      '10.9.0.5/24',
    );
    expect(verb(['network', file, 'down'])).toMatchObject(fine);
    expect((await container.execute({ args: ['ip', 'addr', 'show', 'eth1'] })).code).toBe(1);
    await container.ask('stop 9 1000');
    expect(actions(journal).slice(2, 4)).toEqual(['network connect', 'network disconnect']);
  });

  it('takes along what is named when it is the last one on networks, and not before', async () => {
    makeBridge();
    const run = join(room.root, 'company');
    mkdirSync(run);
    const lastOut = join(run, 'last-out');
    writeFileSync(lastOut, networkFile({ teardown: [['delete-bridge', 'quay0', '02:00:00:00:00:01']] }));
    const last = () => planned(['true'], { general: [['last-out', lastOut]] }).container;
    // As another container would: it has joined, and the one that ends does not wait for it.
    const other = spawn('flock', ['-s', run, 'sh', '-c', 'echo held; cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(other.stdout, 'data');
    expect(await last().run()).toMatchObject({ code: 0, stderr: '' });
    expect(host.links()).toContain('quay0');
    other.stdin?.end();
    await once(other, 'close');
    expect(await last().run()).toMatchObject({ code: 0, stderr: '' });
    await until(() => !host.links().includes('quay0'));
    rmSync(run, { recursive: true });
  });

  it('counts who asks as one that is on networks, until it lets go: then it may be the last one', async () => {
    makeBridge();
    const run = join(room.root, 'company');
    mkdirSync(run);
    const lastOut = join(run, 'last-out');
    writeFileSync(lastOut, networkFile({ teardown: [['delete-bridge', 'quay0', '02:00:00:00:00:01']] }));
    const guest = spawn(host.enter[0] ?? '', [...host.enter.slice(1), HELPER, 'network', lastOut, 'join'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    expect(String((await once(guest.stdout, 'data'))[0])).toBe('locked\n');
    const { container } = planned(['true'], { general: [['last-out', lastOut]] });
    expect(await container.run()).toMatchObject({ code: 0, stderr: '' });
    expect(host.links()).toContain('quay0');
    guest.stdin?.end();
    expect(await once(guest, 'close')).toEqual([0, null]);
    expect(host.links()).not.toContain('quay0');
    rmSync(run, { recursive: true });
  });

  it('waits with a start for the last one that is leaving', async () => {
    makeBridge();
    const run = join(room.root, 'company');
    mkdirSync(run);
    const other = spawn('flock', ['-x', run, 'sh', '-c', 'echo held; cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(other.stdout, 'data');
    const { container } = planned(['echo', 'up'], { general: [['last-out', join(run, 'last-out')]] });
    const ended = finished(container.start());
    await until(() => isAwaited(run));
    other.stdin?.end();
    expect(await ended).toMatchObject({ code: 0 });
    rmSync(run, { recursive: true });
  });

  it('must have a network namespace of its own', async () => {
    const { container } = planned(['true']);
    const plan = readFileSync(container.planPath, 'utf8').replace('namespace\x001\0net\0', '');
    writeFileSync(container.planPath, plan);
    expect((await container.run()).stderr).toMatch(/^skiff-helper: plan: (loopback|networks|await-network)/);
    rmSync(container.runDir, { recursive: true });
  });
});
