import { describe, expect, it } from 'vitest';
import { keepsLimitsFromNamespaces, readCgroupLayout } from '../../../../src/runtime/cgroup/layout.ts';
import { planCgroup } from '../../../../src/runtime/cgroup/plan.ts';

type Files = Record<string, string>;

function layout(mounts: string[], files: Files = {}) {
  const all: Files = {
    '/proc/self/mountinfo': ['22 1 0:21 / /proc rw - proc proc rw', ...mounts, ''].join('\n'),
    ...files,
  };
  return readCgroupLayout((file) => all[file]);
}

const V1 = [
  '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct',
  '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
  '39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids',
  '36 31 0:33 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer',
  '40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/x,name=systemd',
];
const UNIFIED = '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate';
const V2 = '41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate';

/** A v2 hierarchy: seen from the host, unless it has a type. */
function v2(files: { enabled: string; type?: string; procs?: string }) {
  return layout([V2], {
    '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory pids\n',
    '/sys/fs/cgroup/cgroup.subtree_control': files.enabled,
    '/sys/fs/cgroup/cgroup.procs': files.procs ?? '',
    ...(files.type === undefined ? {} : { '/sys/fs/cgroup/cgroup.type': files.type }),
  });
}

/** Those that are the container's alone. */
const ALL = { memory: { limit: 100, swap: 200 }, pids: { limit: 7 } };

describe('readCgroupLayout', () => {
  it('tells v1, hybrid, v2 and none apart by what is mounted', () => {
    expect(layout(V1).mode).toBe('v1');
    expect(layout([...V1, UNIFIED]).mode).toBe('hybrid');
    expect(layout([V2]).mode).toBe('v2');
    expect(layout([]).mode).toBe('none');
  });

  it.each([
    [V1, false],
    [[...V1, UNIFIED], false],
    [[V2], true],
    [[V2.replace(',nsdelegate', '')], false],
    [[], false],
  ])('knows whether the kernel keeps namespaces from their own limits (%#)', (mounts, keeps) => {
    expect(keepsLimitsFromNamespaces(layout(mounts))).toBe(keeps);
  });

  it('takes controllers from the options of v1 mounts and leaves named hierarchies out', () => {
    expect(layout(V1).hierarchies.map(({ controllers }) => controllers)).toEqual([
      ['cpu', 'cpuacct'],
      ['memory'],
      ['pids'],
      ['freezer'],
    ]);
  });

  it('prefers a writable mount of the same hierarchy, and decodes blanks in paths', () => {
    const { hierarchies } = layout([
      '35 31 0:32 / /ro rw - cgroup cgroup ro,memory',
      '35 31 0:32 / /a\\040b rw - cgroup cgroup rw,memory',
      '35 31 0:32 / /c rw - cgroup cgroup rw,memory',
    ]);
    expect(hierarchies).toEqual([
      { version: 'v1', directory: '/a b', shows: '/', controllers: ['memory'], writable: true },
    ]);
  });
});

describe('planCgroup', () => {
  it('joins the v1 hierarchies of those controllers that containers need, whatever is mounted together', () => {
    const { directories, setup, mount } = planCgroup(layout([...V1, UNIFIED]), '/box', {});
    expect(directories).toEqual([
      { version: 'v1', path: '/sys/fs/cgroup/cpu,cpuacct/box' },
      { version: 'v1', path: '/sys/fs/cgroup/memory/box' },
      { version: 'v1', path: '/sys/fs/cgroup/pids/box' },
      { version: 'v1', path: '/sys/fs/cgroup/freezer/box' },
    ]);
    expect(setup).toEqual([]);
    expect(mount).toEqual({ version: 'v1', names: ['cpu,cpuacct', 'memory', 'pids', 'freezer'] });
  });

  it('writes the limits of v1, memory before memory and swap', () => {
    expect(planCgroup(layout(V1), '/box', ALL).setup).toEqual([
      ['write', '/sys/fs/cgroup/memory/box/memory.limit_in_bytes', '100'],
      ['write-optional', '/sys/fs/cgroup/memory/box/memory.memsw.limit_in_bytes', '200'],
      ['write', '/sys/fs/cgroup/pids/box/pids.max', '7'],
    ]);
  });

  it('writes the limits of v2, where swap is counted apart', () => {
    expect(planCgroup(v2({ enabled: 'cpu io memory pids' }), '/box', ALL)).toEqual({
      checks: { version: 'v2', path: '/sys/fs/cgroup/box' },
      directories: [{ version: 'v2', path: '/sys/fs/cgroup/box' }],
      monitor: [],
      setup: [
        ['write', '/sys/fs/cgroup/box/memory.max', '100'],
        ['write-optional', '/sys/fs/cgroup/box/memory.swap.max', '100'],
        ['write', '/sys/fs/cgroup/box/pids.max', '7'],
      ],
      mount: { version: 'v2', names: [] },
    });
  });

  it('switches v2 controllers on only where they are off: a must for limits, a favour for statistics', () => {
    expect(planCgroup(v2({ enabled: 'cpu pids\n' }), '/box', { memory: { limit: 100 } }).setup).toEqual([
      ['write', '/sys/fs/cgroup/cgroup.subtree_control', '+memory'],
      ['write-optional', '/sys/fs/cgroup/cgroup.subtree_control', '+io'],
      ['write', '/sys/fs/cgroup/box/memory.max', '100'],
    ]);
  });

  it('runs without limits inside of a container whose cgroup holds processes', () => {
    const nested = v2({ enabled: '', type: 'domain\n', procs: '1\n42\n' });
    expect(planCgroup(nested, '/box', {})).toEqual({
      checks: { version: 'v2', path: '/sys/fs/cgroup/box' },
      directories: [{ version: 'v2', path: '/sys/fs/cgroup/box' }],
      monitor: [],
      setup: [],
      mount: { version: 'v2', names: [] },
    });
  });

  it('refuses a limit there with the line that moves the processes away', () => {
    const nested = v2({ enabled: '', type: 'domain\n', procs: '1\n' });
    expect(() => planCgroup(nested, '/box', { pids: { limit: 7 } })).toThrow(
      expect.objectContaining({
        kind: 'unsupported',
        message:
          'the limit of processes needs the cgroup controller "pids": ' +
          'processes in /sys/fs/cgroup keep it from being handed down',
        hint: expect.stringContaining(
          'xargs -rn1 < /sys/fs/cgroup/cgroup.procs > /sys/fs/cgroup/init/cgroup.procs',
        ),
      }),
    );
  });

  it('hands controllers down inside of a container once its processes have moved', () => {
    const moved = v2({ enabled: '', type: 'domain\n' });
    expect(planCgroup(moved, '/box', { pids: { limit: 7 } }).setup).toContainEqual([
      'write',
      '/sys/fs/cgroup/cgroup.subtree_control',
      '+pids',
    ]);
  });

  it.each([
    [{ memory: { limit: 1 } }, 'memory'],
    [{ cpu: { quota: 1, period: 2 } }, 'cpu'],
    [{ pids: { limit: 1 } }, 'pids'],
  ])('refuses %j when the controller is missing, naming it', (resources, controller) => {
    for (const host of [layout([V1[3] ?? '']), layout([])]) {
      expect(() => planCgroup(host, '/box', resources)).toThrow(
        expect.objectContaining({ kind: 'unsupported', subject: controller, hint: expect.any(String) }),
      );
    }
  });

  it('joins nothing that is mounted read-only, and refuses limits there', () => {
    const readOnly = layout([V2.replace('cgroup rw', 'cgroup ro')], {
      '/sys/fs/cgroup/cgroup.controllers': 'memory pids',
    });
    expect(planCgroup(readOnly, '/box', {})).toEqual({
      directories: [],
      monitor: [],
      setup: [],
      mount: undefined,
    });
    expect(() => planCgroup(readOnly, '/box', { memory: { limit: 1 } })).toThrow('mounted read-only');
  });

  it('finds a controller that a hybrid host has on v2', () => {
    const host = layout([...V1.slice(0, 1), UNIFIED], {
      '/sys/fs/cgroup/unified/cgroup.controllers': 'memory',
      '/sys/fs/cgroup/unified/cgroup.subtree_control': 'memory',
    });
    const plan = planCgroup(host, '/box', { memory: { limit: 1 } });
    expect(plan.setup).toEqual([['write', '/sys/fs/cgroup/unified/box/memory.max', '1']]);
    expect(plan.mount).toEqual({ version: 'hybrid', names: ['cpu,cpuacct', 'unified'] });
  });
});
