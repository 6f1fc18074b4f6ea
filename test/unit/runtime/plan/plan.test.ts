import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CgroupPlan } from '../../../../src/runtime/cgroup/plan.ts';
import type { ContainerOptions, RuntimeBind, RuntimeMount } from '../../../../src/runtime/options.ts';
import type { Placement } from '../../../../src/runtime/plan/placement.ts';
import { compilePlan } from '../../../../src/runtime/plan/plan.ts';
import { decodePlan, encodePlan, type PlanRecord } from '../../../../src/runtime/record.ts';
import type { HostFacts } from '../../../../src/runtime/spec/host-facts.ts';
import { createSpec } from '../../../../src/runtime/spec/spec.ts';
import {
  containerOptions,
  device,
  hostDevicesOf,
  hostFacts,
  ID,
  ID_MAPS,
  namespaceOptions,
  processOptions,
} from '../container-options.ts';

const CGROUP: CgroupPlan = {
  directories: [
    { version: 'v1', path: '/cg/memory/x' },
    { version: 'v1', path: '/cg/pids/x' },
  ],
  monitor: [],
  setup: [['write', '/cg/pids/x/pids.max', '10']],
  mount: { version: 'v1', names: ['memory', 'pids'] },
};

const LIMITED: CgroupPlan = {
  ...CGROUP,
  monitor: [{ version: 'v1', path: '/cg/cpu/x.monitor', back: ['/cg/cpu/user', '/cg/cpu'] }],
};

const OTHER = { pid: 70, startTime: 8000 };

const NETWORKING: Placement['networking'] = {
  networksDirectory: '/run/skiff/x/networks',
  portsFile: '/run/skiff/x/ports',
  firewall: { table: 'skiff', chain: 'forward', rules: 7 },
  repair: ['/bin/skiff', 'repair-networks'],
};

/** A line of native/ops.def. */
const OPERATION = /^OP\(\w+, "([^"]+)", (\w+), (\d+), (\d+|ANY)\)/gm;

function plan(
  changes: Partial<ContainerOptions> = {},
  {
    cgroup = CGROUP,
    host = {} as Partial<HostFacts>,
    seccomp = undefined as Placement['seccomp'],
    networking = undefined as Placement['networking'],
  } = {},
): PlanRecord[] {
  const options = containerOptions(changes);
  const spec = createSpec(options, hostFacts(host));
  const failure = ['/bin/skiff', 'explain-failure', ID];
  return compilePlan(spec, { ...options, cgroup, seccomp, networking, failure });
}

function section(records: readonly PlanRecord[], name: string): PlanRecord[] {
  const rest = records.slice(records.findIndex(([op]) => op === name) + 1);
  const end = rest.findIndex(
    ([op, ...args]) => args.length === 0 && ['init', 'process', 'teardown'].includes(op),
  );
  return end < 0 ? rest : rest.slice(0, end);
}

function withOp(records: readonly PlanRecord[], op: string): PlanRecord[] {
  return records.filter(([name]) => name === op);
}

describe('compilePlan', () => {
  it('begins with what the monitor needs to know', () => {
    expect(plan().slice(0, 7)).toEqual([
      ['id', ID],
      ['rundir', `/run/skiff/${ID}`],
      ['exit-record', `/store/containers/${ID}/exit`],
      ['log', 'json-file', '/store/log', '10000000', '3', 'plain'],
      ['stdin', 'null'],
      ['stop', '15', '10000'],
      ['failure', '/bin/skiff', 'explain-failure', ID],
    ]);
  });

  it('joins a cgroup in each hierarchy, and sets limits before the first process starts', () => {
    expect(withOp(plan(), 'cgroup')).toEqual([
      ['cgroup', 'v1', '/cg/memory/x'],
      ['cgroup', 'v1', '/cg/pids/x'],
    ]);
    expect(section(plan(), 'setup')).toEqual([['write', '/cg/pids/x/pids.max', '10']]);
  });

  it('has the monitor join a cgroup beside it where CPU or block I/O is limited, and vacates that in the end', () => {
    const limited = plan({}, { cgroup: LIMITED });
    expect(withOp(limited, 'monitor-cgroup')).toEqual([
      ['monitor-cgroup', 'v1', '/cg/cpu/x.monitor', '/cg/cpu/user', '/cg/cpu'],
    ]);
    expect(section(limited, 'teardown')).toEqual([
      ['rmdir-cgroup', '/cg/memory/x'],
      ['rmdir-cgroup', '/cg/pids/x'],
      ['vacate-cgroup', '/cg/cpu/x.monitor', '/cg/cpu/user', '/cg/cpu'],
    ]);
    const others = limited.filter(([op]) => op !== 'monitor-cgroup' && op !== 'vacate-cgroup');
    expect(others).toEqual(plan());
  });

  it('stacks the layers topmost first', () => {
    expect(withOp(plan(), 'overlay')).toEqual([
      [
        'overlay',
        '/store/rootfs',
        '/store/upper',
        '/store/work',
        '',
        '/store/layers/top',
        '/store/layers/base',
      ],
    ]);
  });

  it('takes the upper directory alone for an image without layers', () => {
    const records = plan({ rootfs: { ...containerOptions().rootfs, lowers: [] } });
    expect(withOp(records, 'bind-root')).toEqual([['bind-root', '/store/rootfs', '/store/upper', '']]);
    expect(withOp(records, 'overlay')).toEqual([]);
  });

  it('takes a directory of the host with what is mounted below it, which is read-only with it', () => {
    const rootfs = { ...containerOptions().rootfs, lowers: [], directory: '/srv/tree' };
    const rootOf = (changes: Partial<ContainerOptions>) => withOp(plan({ rootfs, ...changes }), 'bind-root');
    expect(rootOf({})).toEqual([['bind-root', '/store/rootfs', '/srv/tree', 'rec']]);
    expect(rootOf({ files: { readOnly: true } })[0]?.[3]).toBe('rec,ro-below');
    expect(rootOf({ rootfs: { ...rootfs, idMapped: true } })[0]?.[3]).toBe('rec,idmap');
  });

  it('has only records that the helper knows, each in its section and with as many arguments', () => {
    const text = readFileSync(new URL('../../../../native/ops.def', import.meta.url), 'utf8');
    const known = new Map<string, { section: string; least: number; most: number }>();
    for (const [, op = '', section = '', least, most] of text.matchAll(OPERATION)) {
      known.set(op, { section, least: Number(least), most: most === 'ANY' ? Infinity : Number(most) });
    }
    const files = { readOnly: true };
    const autoRemove = { goneMark: '/gone', trash: '/trash' };
    const identity = { ...containerOptions().identity, autoRemove };
    const seccomp = { file: '/x', flags: [] };
    const process = processOptions({ groups: ['a'], init: true, oomScoreAdj: 1 });
    const mapped = namespaceOptions({ user: ID_MAPS, timeOffsets: { boottime: 1 }, domainname: 'd' });
    const joined = namespaceOptions({ ipc: OTHER, shm: 'joined' });
    const everything = [
      plan(
        { files, identity, process, namespaces: mapped },
        {
          seccomp,
          cgroup: LIMITED,
          host: { apparmor: 'docker-default' },
          networking: { ...NETWORKING, resolver: { config: '/c', rules: '00' } },
        },
      ),
      plan({ namespaces: joined, security: { noNewPrivileges: true } }),
    ];
    let section = '';
    for (const [op, ...args] of everything.flat()) {
      if (op === 'id') section = 'GENERAL';
      if (['setup', 'init', 'process', 'teardown'].includes(op)) section = op.toUpperCase();
      const { least, most } = known.get(op) ?? { least: Infinity, most: 0 };
      expect({ op, section: known.get(op)?.section }).toEqual({ op, section });
      expect(args.length, op).toBeGreaterThanOrEqual(least);
      expect(args.length, op).toBeLessThanOrEqual(most);
    }
  });

  it('tells the monitor of the networks, and has the first process wait for them last', () => {
    const files = { readOnly: true };
    const records = plan({ files }, { networking: NETWORKING });
    const networks = records.findIndex(([op]) => op === 'networks');
    expect(records.slice(networks, networks + 5)).toEqual([
      ['networks', '/run/skiff/x/networks'],
      ['ports', '/run/skiff/x/ports'],
      ['firewall', 'skiff', 'forward', '7'],
      ['repair', '/bin/skiff', 'repair-networks'],
      ['setup'],
    ]);
    expect(section(records, 'init').at(-1)).toEqual(['await-network']);
    expect(withOp(plan(), 'await-network')).toEqual([]);
  });

  it('names what the resolver of a container may say, and the rules that lead to it', () => {
    const resolver = { config: '/run/skiff/names/containers/x', rules: '1400' };
    expect(withOp(plan({}, { networking: { ...NETWORKING, resolver } }), 'resolver')).toEqual([
      ['resolver', '/run/skiff/names/containers/x', '1400'],
    ]);
  });

  it('splits mount options into flags and data', () => {
    const mounts = withOp(plan(), 'mount');
    expect(mounts[0]).toEqual(['mount', 'proc', 'proc', '/proc', 'nosuid,noexec,nodev,mkdir', '']);
    expect(mounts[1]).toEqual([
      'mount',
      'tmpfs',
      'tmpfs',
      '/dev',
      'nosuid,strictatime,mkdir',
      'mode=755,size=65536k',
    ]);
    expect(mounts[2]?.at(-1)).toBe('newinstance,ptmxmode=0666,mode=0620,gid=5');
    expect(mounts.map(([, , , target]) => target)).toEqual([
      '/proc',
      '/dev',
      '/dev/pts',
      '/sys',
      '/dev/mqueue',
      '/dev/shm',
    ]);
  });

  it('gives a tmpfs the mode of the directory that it covers, unless one is asked for', () => {
    const flags = (...options: string[]) => {
      const files = { tmpfs: [{ path: '/run', options }] };
      return withOp(plan({ files }), 'mount').at(-1)?.slice(3);
    };
    expect(flags('exec')).toEqual(['/run', 'nosuid,nodev,keep-mode,mkdir', '']);
    expect(flags('mode=700')).toEqual(['/run', 'noexec,nosuid,nodev,mkdir', 'mode=700']);
  });

  it('mounts first, then hides, and closes the root at the very end', () => {
    const files = { readOnly: true };
    const ops = section(plan({ files }), 'init').map(([op]) => op);
    const order = ops.filter((op, index) => op !== ops[index - 1]);
    expect(order).toEqual([
      'propagation',
      'overlay',
      'mount',
      'cgroup-mount',
      'mount',
      'bind',
      'node',
      'symlink',
      'hostname',
      'loopback',
      'sysctl',
      'pivot',
      'mask',
      'readonly',
      'root-readonly',
    ]);
  });

  it('shows the container those hierarchies that it joined, or none', () => {
    expect(withOp(plan(), 'cgroup-mount')).toEqual([
      ['cgroup-mount', '/sys/fs/cgroup', 'v1', 'ro', 'memory', 'pids'],
    ]);
    expect(
      withOp(
        plan({}, { cgroup: { directories: [], monitor: [], setup: [], mount: undefined } }),
        'cgroup-mount',
      ),
    ).toEqual([]);
  });

  it('makes device nodes that everyone can use', () => {
    expect(withOp(plan(), 'node')[0]).toEqual(['node', '/dev/null', 'c', '1', '3', '666', '0', '0']);
  });

  it("executes the command with the environment, the user, and Docker's mask of new files", () => {
    const records = section(
      plan({ process: processOptions({ argv: ['a', ''], env: [], cwd: '/srv', user: 'app:staff' }) }),
      'process',
    );
    expect(records).toEqual([
      ['arg', 'a'],
      ['arg', ''],
      ['env', expect.stringMatching(/^PATH=/)],
      ['env', 'HOSTNAME=box'],
      ['cwd', '/srv'],
      ['user', 'app:staff'],
      ['umask', '0022'],
      ['rlimit', '7', '1024', '4096'],
      ['capabilities', 'a80425fb', 'a80425fb', '0', 'a80425fb', '0'],
    ]);
  });

  it('shares the network of the host by making no namespace and no loopback', () => {
    const records = plan({ namespaces: namespaceOptions({ network: 'host' }) });
    expect(withOp(records, 'namespace').map(([, type]) => type)).toEqual([
      'mount',
      'pid',
      'uts',
      'ipc',
      'cgroup',
    ]);
    expect(withOp(records, 'loopback')).toEqual([]);
    expect(withOp(plan(), 'namespace').at(-1)).toEqual(['namespace', 'net']);
  });

  it('disarms device nodes of the image where no rules do', () => {
    expect(withOp(plan({}, { host: { deviceControl: false } }), 'overlay')[0]?.[4]).toBe('nodev');
  });

  it('joins the namespaces of a process that cannot be mistaken for another', () => {
    const namespaces = namespaceOptions({ pid: OTHER, network: OTHER, ipc: OTHER, shm: 'joined' });
    const records = plan({ namespaces });
    expect(withOp(records, 'join')).toEqual([
      ['join', 'pid', '70', '8000'],
      ['join', 'ipc', '70', '8000'],
      ['join', 'net', '70', '8000'],
    ]);
    expect(withOp(records, 'bind-of')).toEqual([['bind-of', '70', '8000', '/dev/shm', '/dev/shm', 'mkdir']]);
    expect(withOp(records, 'loopback')).toEqual([]);
    const files = ['/etc/resolv.conf', '/etc/hostname', '/etc/hosts'];
    expect(withOp(records, 'bind').map(([, , target]) => target)).toEqual(files);
  });

  it('maps ids, shows the layers through the maps, and binds devices that cannot be made', () => {
    const rootfs = { ...containerOptions().rootfs, idMapped: true };
    const records = plan({ namespaces: namespaceOptions({ user: ID_MAPS }), rootfs });
    expect(withOp(records, 'namespace').at(-1)).toEqual(['namespace', 'user']);
    expect(withOp(records, 'uid-map')).toEqual([['uid-map', '0', '100000', '65536']]);
    expect(withOp(records, 'gid-map')).toEqual([['gid-map', '0', '100000', '65536']]);
    expect(withOp(records, 'overlay')[0]?.[4]).toBe('idmap');
    expect(withOp(records, 'node')).toEqual([]);
    expect(withOp(records, 'bind')).toContainEqual(['bind', '/dev/null', '/dev/null', 'mkfile']);
    expect(withOp(plan({ namespaces: namespaceOptions({ user: ID_MAPS }) }), 'overlay')[0]?.[4]).toBe('');
  });

  it('moves the clocks of a time namespace', () => {
    const records = plan({
      namespaces: namespaceOptions({ timeOffsets: { monotonic: -1.5, boottime: 60 } }),
    });
    expect(withOp(records, 'namespace').at(-1)).toEqual(['namespace', 'time']);
    expect(withOp(records, 'time-offset')).toEqual([
      ['time-offset', 'monotonic', '-2', '500000000'],
      ['time-offset', 'boottime', '60', '0'],
    ]);
  });

  it('sets the names of its own uts namespace only', () => {
    const named = plan({ namespaces: namespaceOptions({ domainname: 'example.org' }) });
    expect(withOp(named, 'hostname')).toEqual([['hostname', 'box']]);
    expect(withOp(named, 'domainname')).toEqual([['domainname', 'example.org']]);
    expect(withOp(plan({ namespaces: namespaceOptions({ uts: 'host' }) }), 'hostname')).toEqual([]);
  });

  it('confines the process by a filter and labels', () => {
    const records = plan(
      {},
      {
        seccomp: { file: '/store/seccomp/x', flags: ['log', 'spec-allow'] },
        host: { apparmor: 'docker-default' },
      },
    );
    expect(withOp(records, 'seccomp')).toEqual([['seccomp', '/store/seccomp/x', 'log,spec-allow']]);
    expect(withOp(records, 'label')).toEqual([['label', 'apparmor', 'docker-default']]);
    expect([...withOp(plan(), 'seccomp'), ...withOp(plan(), 'label')]).toEqual([]);
  });

  it('gives the process groups, limits, a score and our own first process', () => {
    const process = processOptions({
      groups: ['staff', '7'],
      umask: 0o027,
      oomScoreAdj: 5,
      init: true,
      rlimits: [{ name: 'core', soft: 0, hard: -1 }],
    });
    const security = { noNewPrivileges: true };
    const host = { exceedsLimits: () => true };
    expect(section(plan({ process, security }, { host }), 'process').slice(7)).toEqual([
      ['user', '0'],
      ['group', 'staff'],
      ['group', '7'],
      ['reaper'],
      ['umask', '0027'],
      ['rlimit', '7', '1024', '4096'],
      ['rlimit', '4', '0', '18446744073709551615'],
      ['oom-score-adj', '5'],
      ['capabilities', 'a80425fb', 'a80425fb', '0', 'a80425fb', '0'],
      ['no-new-privileges'],
    ]);
  });

  it('shows an init of the host, which gets the command, and keeps the groups of whoever starts it', () => {
    const process = processOptions({ groups: ['keep-groups'], init: true, initPath: '/usr/sbin/tini' });
    const records = plan({ process });
    expect([...withOp(records, 'reaper'), ...withOp(records, 'group')]).toEqual([]);
    expect(withOp(records, 'keep-groups')).toEqual([['keep-groups']]);
    expect(withOp(records, 'arg').slice(0, 2)).toEqual([
      ['arg', '/dev/init'],
      ['arg', '--'],
    ]);
    expect(withOp(records, 'bind')).toContainEqual([
      'bind',
      '/usr/sbin/tini',
      '/dev/init',
      'nosuid,nodev,ro,mkfile',
    ]);
    expect(withOp(plan({ process: processOptions({ init: true }) }), 'reaper')).toEqual([['reaper']]);
    const covered = { process, files: { tmpfs: [{ path: '/dev', options: [] }] } };
    expect(() => plan(covered)).toThrow('the init is shown on /dev/init, which is mounted over');
  });

  it('makes the devices that are asked for with their owner and mode', () => {
    const devices = { devices: [{ host: '/dev/sda', container: '/dev/x', access: 'r' }], cgroupRules: [] };
    const host = { devices: hostDevicesOf({ '/dev/sda': device('b', 8, 0) }) };
    expect(withOp(plan({ devices }, { host }), 'node').at(-1)).toEqual([
      'node',
      '/dev/x',
      'b',
      '8',
      '0',
      '660',
      '0',
      '6',
    ]);
  });

  it('binds the own part of each v1 hierarchy where the cgroup namespace is the host’s', () => {
    const cgroup: CgroupPlan = {
      directories: [
        { version: 'v1', path: '/cg/cpu,cpuacct/x' },
        { version: 'v1', path: '/cg/memory/x' },
        { version: 'v2', path: '/cg/unified/x' },
      ],
      monitor: [],
      setup: [],
      mount: { version: 'hybrid', names: ['cpu,cpuacct', 'memory', 'unified'] },
    };
    const namespaces = namespaceOptions({ cgroup: 'host' });
    const init = section(plan({ namespaces }, { cgroup }), 'init');
    expect(withOp(init, 'cgroup-mount')).toEqual([]);
    const below = (op: string) =>
      withOp(init, op).filter((record) => record.some((arg) => arg.startsWith('/sys/fs/cgroup')));
    const flags = 'ro,nosuid,nodev,noexec,mkdir';
    expect(below('bind')).toEqual([
      ['bind', '/cg/cpu,cpuacct/x', '/sys/fs/cgroup/cpu,cpuacct', flags],
      ['bind', '/cg/memory/x', '/sys/fs/cgroup/memory', flags],
      ['bind', '/cg/unified/x', '/sys/fs/cgroup/unified', flags],
    ]);
    expect(below('symlink').map(([, path]) => path)).toEqual([
      '/sys/fs/cgroup/cpu',
      '/sys/fs/cgroup/cpuacct',
    ]);
    expect(below('readonly')).toHaveLength(1);
    const open = plan({ namespaces, security: { privileged: true } }, { cgroup });
    expect(open).toContainEqual([
      'bind',
      '/cg/memory/x',
      '/sys/fs/cgroup/memory',
      'nosuid,nodev,noexec,mkdir',
    ]);
    expect(withOp(open, 'readonly')).toEqual([]);
  });

  it('shows all of v2 where the cgroup namespace is the host’s, and lets it be written when told so', () => {
    const cgroup: CgroupPlan = {
      directories: [{ version: 'v2', path: '/cg/x' }],
      monitor: [],
      setup: [],
      mount: { version: 'v2', names: [] },
    };
    expect(
      withOp(plan({ namespaces: namespaceOptions({ cgroup: 'host' }) }, { cgroup }), 'cgroup-mount'),
    ).toEqual([['cgroup-mount', '/sys/fs/cgroup', 'v2', 'ro']]);
    const security = { writableCgroups: true };
    expect(withOp(plan({ security }, { cgroup }), 'cgroup-mount')).toEqual([
      ['cgroup-mount', '/sys/fs/cgroup', 'v2', 'rw'],
    ]);
  });

  it('keeps the files of a container that ended', () => {
    expect(section(plan(), 'teardown')).toEqual([
      ['rmdir-cgroup', '/cg/memory/x'],
      ['rmdir-cgroup', '/cg/pids/x'],
    ]);
  });

  it('removes those of a --rm container, and only then says that it is gone', () => {
    const autoRemove = { goneMark: '/run/skiff/gone/x', trash: '/store/trash' };
    const identity = { ...containerOptions().identity, autoRemove };
    expect(section(plan({ identity }), 'teardown').slice(2)).toEqual([
      ['remove-tree', `/store/containers/${ID}`, '/store/trash'],
      ['touch', '/run/skiff/gone/x'],
    ]);
  });

  it('takes the limit of what a --rm container has changed away before that goes, and of no other', () => {
    const identity = {
      ...containerOptions().identity,
      autoRemove: { goneMark: '/run/skiff/gone/x', trash: '/store/trash' },
    };
    const rootfs = { ...containerOptions().rootfs, size: 4096 };
    const ops = (teardown: readonly (readonly string[])[]) =>
      teardown.slice(2).map(([op, first]) => [op, first]);
    expect(ops(section(plan({ identity, rootfs }), 'teardown'))).toEqual([
      ['release-quota', rootfs.upper],
      ['remove-tree', `/store/containers/${ID}`],
      ['touch', '/run/skiff/gone/x'],
    ]);
    expect(ops(section(plan({ rootfs }), 'teardown'))).toEqual([]);
    expect(withOp(plan({ rootfs }), 'overlay')[0]?.[4]).toMatch(/quota=4096$/);
  });
});

describe('encodePlan', () => {
  it('writes NUL-terminated fields behind a header', () => {
    const bytes = encodePlan([['id', 'x'], ['setup'], ['env', 'ä=']]);
    expect(Buffer.from(bytes).toString('utf8')).toBe(
      'skiff-plan\x001\x001\x00id\x001\x00x\x00setup\x000\x00env\x001\x00ä=\x00',
    );
  });

  it('gives back what it wrote, empty arguments included', () => {
    const records = plan({ process: processOptions({ argv: ['a', '', 'b\nc'], env: ['E='] }) });
    expect(decodePlan(encodePlan(records))).toEqual(records);
  });

  it.each([
    [['arg', 'a\0b'], 'the command contains a NUL byte: "a\\u0000b"'],
    [['env', 'A=\0'], 'the environment contains a NUL byte'],
    [['cwd', '/\0'], 'the working directory contains a NUL byte'],
  ] as const)('refuses a NUL byte in %j and says where it is', (record, message) => {
    expect(() => encodePlan([record])).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message) }),
    );
  });

  it.each([
    '',
    'skiff-plan\x001\x002\x00',
    'skiff-plan\x001\x001\x00id\x002\x00x\x00',
    'skiff-plan\x001\x001',
  ])('does not take %j for a plan', (text) => {
    expect(() => decodePlan(Buffer.from(text))).toThrow('not a plan');
  });
});

describe('records of mounts that are asked for', () => {
  const bind: RuntimeBind = {
    type: 'bind',
    source: '/host',
    destination: '/srv',
    readOnly: 'no',
    recursive: true,
    propagation: 'rprivate',
  };

  const record = (mount: RuntimeMount) =>
    section(plan({ mounts: [mount] }), 'init').find((words) => words.includes(mount.destination));

  it.each<[Partial<RuntimeBind>, PlanRecord]>([
    [{}, ['bind', '/host', '/srv', 'rec,mksame']],
    [{ recursive: false, readOnly: 'top' }, ['bind', '/host', '/srv', 'ro,mksame']],
    [{ readOnly: 'deep' }, ['bind', '/host', '/srv', 'rec,ro,mksame']],
    [{ readOnly: 'top' }, ['bind', '/host', '/srv', 'rec,ro-top,mksame']],
    [{ propagation: 'rshared' }, ['bind', '/host', '/srv', 'rec,rshared,mksame']],
    [{ idMap: true, chown: true }, ['bind', '/host', '/srv', 'rec,idmap,mksame,chown']],
    [{ flags: ['nodev'] }, ['bind', '/host', '/srv', 'rec,nodev,mksame']],
    [{ beneath: 'a/b' }, ['bind-beneath', '/host', 'a/b', '/srv', 'rec,mksame']],
    [{ destination: '/proc/uptime' }, ['bind', '/host', '/proc/uptime', 'rec,mksame,nofollow']],
    [{ destination: '/sys' }, ['bind', '/host', '/sys', 'rec,mksame,nofollow']],
  ])('are for %j', (changes, expected) => {
    expect(record({ ...bind, ...changes })).toEqual(expected);
  });

  it('are overlays of directories, read-only and without devices unless something is written', () => {
    const overlay = {
      type: 'overlay',
      lowers: ['/top', '/base'],
      destination: '/srv',
      readOnly: true,
    } as const;
    expect(record({ ...overlay, beneath: 'bin', idMap: true })).toEqual([
      'overlay-at',
      '/srv',
      '',
      '',
      'ro,nodev,idmap,mksame',
      'bin',
      '/top',
      '/base',
    ]);
    const writes = { upper: '/o/upper', work: '/o/work' };
    expect(record({ ...overlay, writes, readOnly: false })).toEqual([
      'overlay-at',
      '/srv',
      '/o/upper',
      '/o/work',
      'mksame',
      '',
      '/top',
      '/base',
    ]);
  });

  it('are those of --tmpfs for a file system in memory', () => {
    expect(record({ type: 'tmpfs', destination: '/srv', options: ['size=1m', 'ro'] })).toEqual([
      'mount',
      'tmpfs',
      'tmpfs',
      '/srv',
      'noexec,nosuid,nodev,ro,keep-mode,mkdir',
      'size=1m',
    ]);
  });

  it('set labels first, where the host has SELinux', () => {
    const mounts: RuntimeMount[] = [
      { ...bind, relabel: 'shared' },
      { ...bind, destination: '/own', source: '/own', relabel: 'private' },
      { ...bind, destination: '/other' },
    ];
    const security = { label: ['level:s0:c1,c2'] };
    const labelled = plan({ mounts, security }, { host: { selinux: () => true } });
    expect(withOp(section(labelled, 'setup'), 'relabel')).toEqual([
      ['relabel', '/host', 'system_u:object_r:container_file_t:s0'],
      ['relabel', '/own', 'system_u:object_r:container_file_t:s0:c1,c2'],
    ]);
    expect(withOp(plan({ mounts }), 'relabel')).toEqual([]);
  });

  it('make nothing in a /dev of the host', () => {
    const records = section(plan({ mounts: [{ ...bind, destination: '/dev' }] }), 'init');
    expect(withOp(records, 'node')).toEqual([]);
    expect(withOp(records, 'symlink')).toEqual([]);
    expect(withOp(section(plan(), 'init'), 'node').length).toBeGreaterThan(0);
  });
});
