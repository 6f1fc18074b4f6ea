import { describe, expect, it } from 'vitest';
import type { LinuxResources } from '../../../../src/oci/runtime-config.ts';
import type { CgroupLayout } from '../../../../src/runtime/cgroup/layout.ts';
import { limitRecords } from '../../../../src/runtime/cgroup/limits.ts';
import { canControlDevices, cgroupsPathOf, findCgroup } from '../../../../src/runtime/cgroup/paths.ts';
import { planCgroup } from '../../../../src/runtime/cgroup/plan.ts';
import { weightOfShares } from '../../../../src/runtime/cgroup/v2.ts';

const V1: CgroupLayout = {
  mode: 'v1',
  hierarchies: ['memory', 'cpu,cpuacct', 'cpuset', 'pids', 'blkio', 'devices', 'freezer'].map((name) => ({
    version: 'v1',
    directory: `/c/${name}`,
    shows: '/',
    controllers: name.split(','),
    writable: true,
  })),
};

const V2: CgroupLayout = {
  mode: 'v2',
  hierarchies: [
    {
      version: 'v2',
      directory: '/c',
      shows: '/',
      controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'],
      writable: true,
      unified: { enabled: ['cpu', 'io', 'memory', 'pids'], delegates: true, nsdelegate: true },
    },
  ],
};

/** What is written, as `file value`, below the hierarchies' root; `?` is optional. */
function writes(
  layout: CgroupLayout,
  resources: LinuxResources,
  { files = {}, path = '/x' }: { files?: Record<string, string>; path?: string } = {},
): string[] {
  const host = { read: (file: string) => files[file], exists: (file: string) => file in files };
  return limitRecords(layout, path, { resources, files: host }).map(
    ([op, file = '', value]) => `${file.slice('/c/'.length)}${op === 'write' ? '' : '?'} ${value}`,
  );
}

const SWAP_V1 = { '/c/memory/memory.memsw.limit_in_bytes': '' };

describe('limits on v1', () => {
  it('write memory before memory and swap for a new container', () => {
    const memory = { limit: 100, swap: 150, reservation: 50, swappiness: 7, disableOOMKiller: true };
    expect(writes(V1, { memory }, { files: SWAP_V1 })).toEqual([
      'memory/x/memory.limit_in_bytes 100',
      'memory/x/memory.memsw.limit_in_bytes 150',
      'memory/x/memory.soft_limit_in_bytes 50',
      'memory/x/memory.swappiness 7',
      'memory/x/memory.oom_control 1',
    ]);
  });

  it('write memory and swap first when a container grows, and last when it shrinks', () => {
    const order = (current: string, swap: number) =>
      writes(
        V1,
        { memory: { limit: 100, swap } },
        { files: { ...SWAP_V1, '/c/memory/x/memory.limit_in_bytes': current } },
      ).map((line) => line.split(' ')[0]);
    const [limit, memsw] = ['memory/x/memory.limit_in_bytes', 'memory/x/memory.memsw.limit_in_bytes'];
    expect(order('50', 150)).toEqual([memsw, limit]);
    expect(order('1000', 150)).toEqual([limit, memsw]);
    expect(order('1000', -1)).toEqual([`${memsw}?`, limit]);
  });

  it('are a favour for swap that nobody asked for, and refused by name where the kernel counts none', () => {
    expect(writes(V1, { memory: { limit: 100, swap: 200 } })).toContain(
      'memory/x/memory.memsw.limit_in_bytes? 200',
    );
    expect(() => writes(V1, { memory: { limit: 100, swap: 150 } })).toThrow(
      expect.objectContaining({
        message:
          'the limit of memory and swap cannot be honoured here: this kernel does not account for swap',
        hint: '--memory-swap: boot with swapaccount=1',
      }),
    );
  });

  it('write CPU, sets, processes and block I/O', () => {
    const device = { major: 8, minor: 16 };
    const resources: LinuxResources = {
      cpu: { shares: 512, quota: 20, period: 100, cpus: '0-1', mems: '0' },
      pids: { limit: 9 },
      blockIO: {
        weight: 300,
        weightDevice: [{ ...device, weight: 400 }],
        throttleReadBpsDevice: [{ ...device, rate: 1 }],
        throttleWriteBpsDevice: [{ ...device, rate: 2 }],
        throttleReadIOPSDevice: [{ ...device, rate: 3 }],
        throttleWriteIOPSDevice: [{ ...device, rate: 4 }],
      },
    };
    expect(writes(V1, resources, { files: { '/c/blkio/blkio.bfq.io_service_bytes': '' } })).toEqual([
      'cpu,cpuacct/x/cpu.shares 512',
      'cpu,cpuacct/x/cpu.cfs_period_us 100',
      'cpu,cpuacct/x/cpu.cfs_quota_us 20',
      'cpuset/x/cpuset.cpus 0-1',
      'cpuset/x/cpuset.mems 0',
      'pids/x/pids.max 9',
      'blkio/x/blkio.bfq.weight 300',
      'blkio/x/blkio.bfq.weight_device 8:16 400',
      'blkio/x/blkio.throttle.read_bps_device 8:16 1',
      'blkio/x/blkio.throttle.write_bps_device 8:16 2',
      'blkio/x/blkio.throttle.read_iops_device 8:16 3',
      'blkio/x/blkio.throttle.write_iops_device 8:16 4',
    ]);
  });

  it('weigh single devices that BFQ schedules, and refuse others with the line that changes it', () => {
    const blockIO = { weightDevice: [{ major: 8, minor: 0, weight: 300 }] };
    const files = (scheduler: string) => ({
      '/c/blkio/blkio.bfq.io_service_bytes': '',
      '/sys/dev/block/8:0/queue/scheduler': scheduler,
    });
    expect(writes(V1, { blockIO }, { files: files('none [bfq]\n') })).toEqual([
      'blkio/x/blkio.bfq.weight_device 8:0 300',
    ]);
    expect(() => writes(V1, { blockIO }, { files: files('[mq-deadline] bfq\n') })).toThrow(
      expect.objectContaining({
        kind: 'unsupported',
        message: expect.stringContaining('"mq-deadline"'),
        hint: '--blkio-weight-device: echo bfq > /sys/dev/block/8:0/queue/scheduler',
      }),
    );
  });

  it('weigh block I/O with the scheduler that the kernel has', () => {
    const blockIO = { weight: 300 };
    expect(writes(V1, { blockIO }, { files: { '/c/blkio/blkio.weight': '' } })).toEqual([
      'blkio/x/blkio.weight 300',
    ]);
    expect(() => writes(V1, { blockIO })).toThrow('the block I/O weight cannot be honoured here');
  });
});

describe('limits on v2', () => {
  it('are mapped from those of v1', () => {
    const device = { major: 8, minor: 16 };
    const resources: LinuxResources = {
      memory: { limit: 100, swap: 150, reservation: 50 },
      cpu: { shares: 1024, quota: 20 },
      pids: { limit: 9 },
      blockIO: {
        throttleReadBpsDevice: [{ ...device, rate: 1 }],
        throttleWriteIOPSDevice: [{ ...device, rate: 0 }],
      },
    };
    expect(writes(V2, resources)).toEqual([
      'x/memory.max 100',
      'x/memory.swap.max 50',
      'x/memory.low 50',
      'x/cpu.weight 100',
      'x/cpu.max 20 100000',
      'x/pids.max 9',
      'x/io.max 8:16 rbps=1',
      'x/io.max 8:16 wiops=max',
    ]);
  });

  it('have no limit where v1 has -1', () => {
    const resources = {
      memory: { limit: 100, swap: -1 },
      cpu: { quota: -1, period: 50 },
      pids: { limit: -1 },
    };
    expect(writes(V2, resources)).toEqual([
      'x/memory.max 100',
      'x/memory.swap.max? max',
      'x/cpu.max max 50',
      'x/pids.max max',
    ]);
  });

  it('tell weights of block I/O to both that may weigh', () => {
    const blockIO = { weight: 1000, weightDevice: [{ major: 8, minor: 0, weight: 10 }] };
    expect(writes(V2, { blockIO }, { files: { '/c/io.cost.qos': '' } })).toEqual([
      'x/io.bfq.weight? 1000',
      'x/io.weight 10000',
      'x/io.bfq.weight? 8:0 10',
      'x/io.weight 8:0 1',
    ]);
    expect(writes(V2, { blockIO: { weight: 10 } })).toEqual(['x/io.bfq.weight 10']);
  });

  it.each([
    [{ swappiness: 7 }, 'memory swappiness', '--memory-swappiness'],
    [{ disableOOMKiller: true }, 'exemption from the OOM killer', '--oom-kill-disable'],
  ])('do not know %j, and say so by name', (memory, what, option) => {
    expect(() => writes(V2, { memory })).toThrow(
      expect.objectContaining({
        message: `the ${what} cannot be honoured here: cgroup v2 has no such thing`,
        hint: `leave ${option} out`,
      }),
    );
  });

  it('are handed down every level below a parent: a must for what is asked', () => {
    const files = { '/c/a/cgroup.subtree_control': 'memory pids cpu\n' };
    expect(writes(V2, { cpu: { cpus: '0' } }, { path: '/a/b/x', files })).toEqual([
      'cgroup.subtree_control +cpuset',
      'a/cgroup.subtree_control? +io',
      'a/cgroup.subtree_control +cpuset',
      ...['memory', 'cpu', 'pids', 'io'].map((name) => `a/b/cgroup.subtree_control? +${name}`),
      'a/b/cgroup.subtree_control +cpuset',
      'a/b/x/cpuset.cpus 0',
    ]);
  });

  it('are refused below a parent that holds processes', () => {
    const files = { '/c/a/cgroup.procs': '1\n' };
    expect(() => writes(V2, { pids: { limit: 1 } }, { path: '/a/x', files })).toThrow(
      'processes in /c/a keep it from being handed down',
    );
  });

  it.each([
    [2, 1],
    [1024, 100],
    [512, 59],
    [10, 4],
    [262_144, 10_000],
    [1, 1],
  ])('make of %i shares a weight of %i, as runc does', (shares, weight) => {
    expect(weightOfShares(shares)).toBe(weight);
  });
});

describe('the controller of a limit that is missing', () => {
  const host: CgroupLayout = { mode: 'v1', hierarchies: [] };
  it.each<[LinuxResources, string, string, string]>([
    [{ memory: { reservation: 1 } }, 'memory reservation', '--memory-reservation', 'memory'],
    [{ cpu: { shares: 1 } }, 'CPU shares', '--cpu-shares', 'cpu'],
    [{ cpu: { cpus: '0' } }, 'set of CPUs', '--cpuset-cpus', 'cpuset'],
    [{ cpu: { mems: '0' } }, 'set of memory nodes', '--cpuset-mems', 'cpuset'],
    [{ blockIO: { weight: 10 } }, 'block I/O weight', '--blkio-weight', 'blkio'],
    [{ blockIO: { throttleReadBpsDevice: [] } }, 'rate of reading', '--device-read-bps', 'blkio'],
  ])(
    '%j is refused by its name, with the controller, and the option in the hint',
    (resources, what, option, controller) => {
      expect(() => writes(host, resources)).toThrow(
        expect.objectContaining({
          kind: 'unsupported',
          subject: controller,
          message: expect.stringContaining(`the ${what} needs the cgroup controller "${controller}"`),
          hint: expect.stringMatching(new RegExp(`^${option}: `)),
        }),
      );
    },
  );

  it('is called io on v2', () => {
    const bare: CgroupLayout = { mode: 'v2', hierarchies: [] };
    expect(() => writes(bare, { blockIO: { weight: 10 } })).toThrow('cgroup controller "io"');
  });
});

describe('CPUs and memory nodes that the cgroups above do not have', () => {
  const refusal = (layout: CgroupLayout, cpu: object, files: Record<string, string>) => {
    const asked = () => writes(layout, { cpu }, { files, path: '/a/b/x' });
    return expect(asked);
  };
  const v1 = (a: string, b = '') => ({
    '/c/cpuset/cpuset.cpus': '0-3\n',
    '/c/cpuset/a/cpuset.cpus': `${a}\n`,
    '/c/cpuset/a/b/cpuset.cpus': `${b}\n`,
  });

  it('are refused on v1 by what the nearest of them has', () => {
    refusal(V1, { cpus: '1-3' }, v1('0-3', '0-2')).toThrow(
      'CPUs 3 are not available: 1-3 were asked for, and the cgroup /a/b has 0-2',
    );
    refusal(V1, { cpus: '2,3' }, v1('0-1')).toThrow(
      'CPUs 2,3 are not available: 2,3 were asked for, and the cgroup /a has 0-1',
    );
    refusal(V1, { cpus: '0-1' }, v1('0-1')).not.toThrow();
    refusal(V1, { cpus: '3' }, { '/c/cpuset/cpuset.cpus': '0-3\n' }).not.toThrow();
  });

  it('are refused where skiff itself has no more', () => {
    refusal(V1, { cpus: '1' }, { '/c/cpuset/cpuset.cpus': '0\n' }).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        subject: '1',
        message: 'CPUs 1 are not available: 1 were asked for, and the cpuset that skiff runs in has 0',
        hint: 'choose from 0',
      }),
    );
    refusal(V1, { cpus: '0', mems: '1' }, { '/c/cpuset/cpuset.mems': '0\n' }).toThrow(
      'memory nodes 1 are not available',
    );
  });

  it('are refused on v2, which would give others in their place', () => {
    const files = { '/c/cpuset.cpus.effective': '0-3\n', '/c/a/cpuset.cpus.effective': '0-1\n' };
    refusal(V2, { cpus: '2' }, files).toThrow('the cgroup /a has 0-1');
    refusal(V2, { cpus: '1' }, files).not.toThrow();
    refusal(V2, { mems: '1' }, { '/c/cpuset.mems.effective': '0\n' }).toThrow('skiff runs in has 0');
  });
});

describe('the cgroups of a container', () => {
  it('take over the cpuset of v1 level by level, before what is asked', () => {
    const { setup } = planCgroup(V1, '/a/x', { cpu: { cpus: '1' } });
    expect(setup.slice(0, 5)).toEqual([
      ['copy-value', '/c/cpuset/cpuset.cpus', '/c/cpuset/a/cpuset.cpus'],
      ['copy-value', '/c/cpuset/cpuset.mems', '/c/cpuset/a/cpuset.mems'],
      ['copy-value', '/c/cpuset/a/cpuset.cpus', '/c/cpuset/a/x/cpuset.cpus'],
      ['copy-value', '/c/cpuset/a/cpuset.mems', '/c/cpuset/a/x/cpuset.mems'],
      ['write', '/c/cpuset/a/x/cpuset.cpus', '1'],
    ]);
  });

  it('are found again where they were made', () => {
    expect(findCgroup(V1, '/a/x', 'freezer')).toEqual({ version: 'v1', path: '/c/freezer/a/x' });
    expect(findCgroup(V2, '/a/x', 'freezer')).toEqual({ version: 'v2', path: '/c/a/x' });
    expect(findCgroup(V2, '/x', 'cpuacct')).toEqual({ version: 'v2', path: '/c/x' });
    expect(findCgroup({ mode: 'none', hierarchies: [] }, '/x', 'memory')).toBeUndefined();
  });

  it('obey rules about devices on v1 and on v2, and nowhere else', () => {
    expect([V1, V2].map(canControlDevices)).toEqual([true, true]);
    const readOnly = { ...V2, hierarchies: V2.hierarchies.map((one) => ({ ...one, writable: false })) };
    const without = { ...V1, hierarchies: V1.hierarchies.slice(0, 2) };
    expect([readOnly, without].map(canControlDevices)).toEqual([false, false]);
    const rules = [{ allow: false }];
    expect(planCgroup(V2, '/x', { devices: rules }).setup).toEqual([
      ['device-program', '/c/x', expect.stringMatching(/^[0-9a-f]+$/)],
    ]);
    expect(() => planCgroup(without, '/x', { devices: rules })).toThrow('"devices"');
  });

  it('lie below their parent, which cannot lead out', () => {
    expect(cgroupsPathOf('ab', undefined)).toBe('/skiff-ab');
    expect(cgroupsPathOf('ab', 'team/./a/')).toBe('/team/a/skiff-ab');
    expect(() => cgroupsPathOf('ab', '/a/../..')).toThrow('cannot be the parent');
    expect(cgroupsPathOf('ab', 'a'.repeat(255))).toBe(`/${'a'.repeat(255)}/skiff-ab`);
    expect(() => cgroupsPathOf('ab', 'ä'.repeat(128))).toThrow('too long a name');
    expect(() => cgroupsPathOf('ab', 'abc/'.repeat(1000))).toThrow('too long a name');
  });
});
