import { describe, expect, it } from 'vitest';
import type { LinuxResources } from '../../../../src/oci/runtime-config.ts';
import type { CgroupLayout, Hierarchy } from '../../../../src/runtime/cgroup/layout.ts';
import { missingMonitorCgroups, monitorUpdates } from '../../../../src/runtime/cgroup/monitor.ts';
import { planCgroup } from '../../../../src/runtime/cgroup/plan.ts';

type Files = Record<string, string>;

function hierarchyV1(name: string, shows = '/'): Hierarchy {
  return { version: 'v1', directory: `/c/${name}`, shows, controllers: name.split(','), writable: true };
}

function hierarchyV2(controllers: string[], enabled: readonly string[] = controllers): Hierarchy {
  const unified = { enabled, delegates: true, nsdelegate: true };
  return { version: 'v2', directory: '/c/u', shows: '/', controllers, writable: true, unified };
}

const V1: CgroupLayout = {
  mode: 'v1',
  hierarchies: ['memory', 'cpu,cpuacct', 'cpuset', 'pids', 'blkio', 'freezer'].map((name) =>
    hierarchyV1(name),
  ),
};
const V2: CgroupLayout = {
  mode: 'v2',
  hierarchies: [hierarchyV2(['cpuset', 'cpu', 'io', 'memory', 'pids'])],
};

const OWN_V1 =
  '7:pids:/\n6:cpu,cpuacct:/user/a:b\n5:cpuset:/\n4:blkio:/user\n1:name=systemd:/user\n0::/user\n';

function hostOf(files: Files) {
  return { read: (file: string) => files[file], exists: (file: string) => file in files };
}

/** The plan's part for the monitor: where it goes, and what is written there. */
function monitorOf(layout: CgroupLayout, resources: LinuxResources, { own = OWN_V1, path = '/x' } = {}) {
  const files = hostOf({ '/proc/self/cgroup': own, '/c/blkio/blkio.weight': '' });
  const { monitor, setup } = planCgroup(layout, path, resources, files);
  return {
    monitor: monitor.map(({ path: directory, back }) => [directory, ...back]),
    setup: setup.filter((record) => record.some((word) => word.includes('.monitor/'))),
  };
}

const READ = { major: 8, minor: 0, rate: 1000 };

describe("the monitor's cgroups", () => {
  it.each([[{}], [{ memory: { limit: 1 }, pids: { limit: 7 } }], [{ cpu: {} }]])(
    'are none where neither CPU nor block I/O is limited, and nothing is read for them (%j)',
    (resources: LinuxResources) => {
      const asked: string[] = [];
      const files = { read: (file: string) => void asked.push(file), exists: () => true };
      for (const layout of [V1, V2]) expect(planCgroup(layout, '/x', resources, files).monitor).toEqual([]);
      expect(asked).not.toContain('/proc/self/cgroup');
    },
  );

  it('are on v1 beside those of the container in the hierarchies of those limits, and have them', () => {
    const resources = {
      memory: { limit: 1 },
      cpu: { quota: 50, period: 100, shares: 7 },
      pids: { limit: 7 },
    };
    expect(monitorOf(V1, resources, { path: '/team/x' })).toEqual({
      monitor: [['/c/cpu,cpuacct/team/x.monitor', '/c/cpu,cpuacct/user/a:b', '/c/cpu,cpuacct']],
      setup: [
        ['write', '/c/cpu,cpuacct/team/x.monitor/cpu.shares', '7'],
        ['write', '/c/cpu,cpuacct/team/x.monitor/cpu.cfs_period_us', '100'],
        ['write', '/c/cpu,cpuacct/team/x.monitor/cpu.cfs_quota_us', '50'],
      ],
    });
  });

  it('take over the cpuset of v1 that they lie in before what is asked', () => {
    expect(monitorOf(V1, { cpu: { cpus: '1' } }, { path: '/a/x' })).toEqual({
      monitor: [['/c/cpuset/a/x.monitor', '/c/cpuset']],
      setup: [
        ['copy-value', '/c/cpuset/a/cpuset.cpus', '/c/cpuset/a/x.monitor/cpuset.cpus'],
        ['copy-value', '/c/cpuset/a/cpuset.mems', '/c/cpuset/a/x.monitor/cpuset.mems'],
        ['write', '/c/cpuset/a/x.monitor/cpuset.cpus', '1'],
      ],
    });
  });

  it('limit block I/O by weight and by rate', () => {
    const blockIO = { weight: 300, throttleReadBpsDevice: [READ], throttleWriteIOPSDevice: [READ] };
    expect(monitorOf(V1, { blockIO })).toEqual({
      monitor: [['/c/blkio/x.monitor', '/c/blkio/user', '/c/blkio']],
      setup: [
        ['write', '/c/blkio/x.monitor/blkio.weight', '300'],
        ['write', '/c/blkio/x.monitor/blkio.throttle.read_bps_device', '8:0 1000'],
        ['write', '/c/blkio/x.monitor/blkio.throttle.write_iops_device', '8:0 1000'],
      ],
    });
  });

  it('are one on v2, whatever is limited, with what the parent hands down to both', () => {
    const cpu = { quota: 50, period: 100, cpus: '1' };
    const layout: CgroupLayout = {
      mode: 'v2',
      hierarchies: [hierarchyV2(['cpuset', 'cpu', 'io', 'memory', 'pids'], ['memory', 'pids'])],
    };
    const resources = { cpu, pids: { limit: 7 }, blockIO: { throttleWriteBpsDevice: [READ] } };
    const files = hostOf({ '/proc/self/cgroup': '0::/user.slice/s.scope\n' });
    const { directories, monitor, setup } = planCgroup(layout, '/x', resources, files);
    expect(directories).toEqual([{ version: 'v2', path: '/c/u/x' }]);
    expect(monitor).toEqual([
      { version: 'v2', path: '/c/u/x.monitor', back: ['/c/u/user.slice/s.scope', '/c/u'] },
    ]);
    expect(setup).toEqual([
      ['write', '/c/u/cgroup.subtree_control', '+cpu'],
      ['write', '/c/u/cgroup.subtree_control', '+io'],
      ['write', '/c/u/cgroup.subtree_control', '+cpuset'],
      ['write', '/c/u/x/cpu.max', '50 100'],
      ['write', '/c/u/x/cpuset.cpus', '1'],
      ['write', '/c/u/x/pids.max', '7'],
      ['write', '/c/u/x/io.max', '8:0 wbps=1000'],
      ['write', '/c/u/x.monitor/cpu.max', '50 100'],
      ['write', '/c/u/x.monitor/cpuset.cpus', '1'],
      ['write', '/c/u/x.monitor/io.max', '8:0 wbps=1000'],
    ]);
  });

  it('are of both versions on a host that has the controllers on both', () => {
    const layout: CgroupLayout = { mode: 'hybrid', hierarchies: [hierarchyV1('cpu'), hierarchyV2(['io'])] };
    const resources = { cpu: { shares: 2 }, blockIO: { throttleReadBpsDevice: [READ] } };
    expect(monitorOf(layout, resources, { own: '3:cpu:/\n0::/s\n' }).monitor).toEqual([
      ['/c/cpu/x.monitor', '/c/cpu'],
      ['/c/u/x.monitor', '/c/u/s', '/c/u'],
    ]);
  });

  it.each([
    ['/docker/1', '/docker/1', ['/c/cpu']],
    ['/docker/1', '/docker/1/a', ['/c/cpu/a', '/c/cpu']],
    ['/docker/1', '/docker/12', ['/c/cpu']],
    ['/', '/../outside', ['/c/cpu']],
  ])('are left for what the mount of %s shows of %s, else for the root', (shows, own, back) => {
    const layout: CgroupLayout = { mode: 'v1', hierarchies: [hierarchyV1('cpu', shows)] };
    const { monitor } = monitorOf(layout, { cpu: { shares: 2 } }, { own: `2:cpu:${own}\n` });
    expect(monitor).toEqual([['/c/cpu/x.monitor', ...back]]);
  });
});

describe('missingMonitorCgroups', () => {
  const resources = { memory: { limit: 1 }, cpu: { shares: 7, cpus: '1' } };
  const files = hostOf({ '/proc/9/cgroup': '6:cpu,cpuacct:/user\n5:cpuset:/\n0::/s.scope\n' });
  const missing = (layout: CgroupLayout, present: string[]) =>
    missingMonitorCgroups(layout, '/x', { resources, files, monitor: 9, present: new Set(present) });

  it('are those of the limits that the monitor of a container that runs is not in, and what they need', () => {
    expect(missing(V1, ['/c/cpu,cpuacct/x.monitor'])).toEqual({
      directories: [{ version: 'v1', path: '/c/cpuset/x.monitor', back: ['/c/cpuset'] }],
      setup: [
        ['copy-value', '/c/cpuset/cpuset.cpus', '/c/cpuset/x.monitor/cpuset.cpus'],
        ['copy-value', '/c/cpuset/cpuset.mems', '/c/cpuset/x.monitor/cpuset.mems'],
      ],
    });
    expect(missing(V2, ['/c/u/x.monitor'])).toEqual({ directories: [], setup: [] });
  });

  it('lead back to where the monitor is, not to where the caller is', () => {
    expect(missing(V1, []).directories.map(({ back }) => back)).toEqual([
      ['/c/cpu,cpuacct/user', '/c/cpu,cpuacct'],
      ['/c/cpuset'],
    ]);
    const on2 = { version: 'v2', path: '/c/u/x.monitor', back: ['/c/u/s.scope', '/c/u'] };
    expect(missing(V2, [])).toEqual({ directories: [on2], setup: [] });
  });

  it('are none without limits of CPU and block I/O, for which nothing is read', () => {
    const asked = { resources: { pids: { limit: 3 } }, monitor: 9, present: new Set<string>() };
    const read = () => expect.unreachable('nothing is to be read');
    expect(missingMonitorCgroups(V1, '/x', { ...asked, files: { read, exists: read } }).directories).toEqual(
      [],
    );
  });
});

describe('monitorUpdates', () => {
  it('changes the same limits where the monitor has a cgroup since the start', () => {
    const resources = { memory: { limit: 1 }, cpu: { shares: 7, cpus: '1' }, pids: { limit: 7 } };
    const files = hostOf({ '/c/cpu,cpuacct/x.monitor': '' });
    expect(monitorUpdates(V1, '/x', { resources, files })).toEqual([
      ['write', '/c/cpu,cpuacct/x.monitor/cpu.shares', '7'],
    ]);
    expect(monitorUpdates(V2, '/x', { resources, files: hostOf({ '/c/u/x.monitor': '' }) })).toEqual([
      ['write', '/c/u/x.monitor/cpu.weight', '3'],
      ['write', '/c/u/x.monitor/cpuset.cpus', '1'],
    ]);
  });
});
