import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readCgroupLayout } from '../../src/runtime/cgroup/layout.ts';
import { type Controller, findCgroup, monitorPathOf } from '../../src/runtime/cgroup/paths.ts';
import { parseStateRecord } from '../../src/runtime/monitor/records.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { isV1, kernelValue, someDisk } from '../helpers/cgroups.ts';
import { useStore } from '../helpers/skiff.ts';
import { until } from '../helpers/until.ts';

const store = useStore();
const busybox = useBusybox(store);

const MIB = 1024 * 1024;

/** Starts a container that waits, and returns its cgroupsPath. */
async function start(...options: string[]): Promise<string> {
  const id = await store.ok(['run', '-d', '--rm', ...options, busybox, 'sleep', '600']);
  onTestFinished(async () => {
    await store.ok(['rm', '-f', id]);
  });
  return `/skiff-${id}`;
}

/** CPU time of a process so far, in ms: proc_pid_stat(5) counts in hundredths of a second. */
function cpuTimeOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

function throttledPeriods(cgroup: string): number {
  return Number(/^nr_throttled (\d+)$/m.exec(readFileSync(`${cgroup}/cpu.stat`, 'utf8'))?.[1]);
}

describe('limits', () => {
  it('kill what takes more memory than it may, and inspect says so', async () => {
    // tail keeps everything in memory until its input ends, and zeros have no line end.
    const greedy = ['run', '--name', 'greedy', '-m', '16m', busybox, 'sh', '-c', 'tail /dev/zero; exit $?'];
    const { code } = await store.skiff(greedy);
    expect(code).toBe(137);
    const [container] = JSON.parse(await store.ok(['inspect', 'greedy']));
    expect(container.State).toMatchObject({ Status: 'exited', OOMKilled: true, ExitCode: 137 });
    expect(container.HostConfig.Memory).toBe(16 * MIB);
  });

  it('stop a loop of forks', async () => {
    const forks = 'i=0; while [ $i -lt 40 ]; do sleep 30 & i=$((i+1)); done; echo survived';
    const command = ['run', '--rm', '--pids-limit', '20', busybox, 'sh', '-c', forks];
    const { stderr, code } = await store.skiff(command);
    expect(stderr).toContain("can't fork");
    expect(code).not.toBe(0);
  });

  it("show as throttling in the cgroup's own counters", async () => {
    // However little of the processor a busy machine gives it, a tenth is passed at some time.
    const throttled =
      'grep -qE "nr_throttled ([3-9]|[1-9][0-9])" /sys/fs/cgroup/cpu/cpu.stat /sys/fs/cgroup/cpu.stat';
    const line = `{ until ${throttled}; do :; done; } 2>/dev/null; echo throttled`;
    expect(await store.ok(['run', '--rm', '--cpus', '0.1', busybox, 'sh', '-c', line])).toBe('throttled');
  });

  it('hold for what a container makes its monitor do, too', async () => {
    const id = await store.ok(['run', '-d', '--rm', '--cpus', '0.1', busybox, 'cat', '/dev/zero']);
    const state = parseStateRecord(readFileSync(join(store.runRoot, id, 'state'), 'utf8'));
    const cgroup = findCgroup(readCgroupLayout(), monitorPathOf(`/skiff-${id}`), 'cpu')?.path ?? '';
    const began = { at: performance.now(), ms: cpuTimeOf(state.monitor.pid) };
    await until(() => throttledPeriods(cgroup) >= 20);
    const share = (cpuTimeOf(state.monitor.pid) - began.ms) / (performance.now() - began.at);
    // Ten times as much is what it would take; on a busy machine it gets less than it may.
    expect(share).toBeLessThan(0.2);
    expect(share).toBeGreaterThan(0);
    await store.ok(['rm', '-f', id]);
    expect(existsSync(cgroup)).toBe(false);
  });

  it('read inside of the container as they were asked for', async () => {
    const read =
      'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; true';
    const options = ['-m', '64m', '--pids-limit', '33'];
    const limits = await store.ok(['run', '--rm', ...options, busybox, 'sh', '-c', read]);
    expect(limits.split('\n')).toEqual([String(64 * MIB), '33']);
  });

  it("show only the container's own cgroup, read-only", async () => {
    const script =
      'cat /proc/self/cgroup; f=$(ls -d /sys/fs/cgroup/pids /sys/fs/cgroup | head -n 1); echo 1 > $f/pids.max';
    const { code, stdout, stderr } = await store.skiff(['run', '--rm', busybox, 'sh', '-c', script]);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/Read-only file system|Permission denied/);
    expect(stdout).toMatch(/^\d+:(pids)?:\/$/m);
  });
});

interface Asked {
  options: string[];
  controller: Controller;
  v1: Record<string, string>;
  v2: Record<string, string>;
}

const ASKED: Asked[] = [
  {
    options: ['-m', '64m'],
    controller: 'memory',
    v1: { 'memory.limit_in_bytes': String(64 * MIB), 'memory.memsw.limit_in_bytes': String(128 * MIB) },
    v2: { 'memory.max': String(64 * MIB), 'memory.swap.max': String(64 * MIB) },
  },
  {
    options: ['-m', '64m', '--memory-swap', '100m'],
    controller: 'memory',
    v1: { 'memory.limit_in_bytes': String(64 * MIB), 'memory.memsw.limit_in_bytes': String(100 * MIB) },
    v2: { 'memory.max': String(64 * MIB), 'memory.swap.max': String(36 * MIB) },
  },
  {
    options: ['-m', '64m', '--memory-swap', '-1'],
    controller: 'memory',
    v1: { 'memory.memsw.limit_in_bytes': '9223372036854771712' },
    v2: { 'memory.swap.max': 'max' },
  },
  {
    options: ['--memory-reservation', '32m'],
    controller: 'memory',
    v1: { 'memory.soft_limit_in_bytes': String(32 * MIB) },
    v2: { 'memory.low': String(32 * MIB) },
  },
  {
    options: ['--cpus', '1.5'],
    controller: 'cpu',
    v1: { 'cpu.cfs_quota_us': '150000', 'cpu.cfs_period_us': '100000' },
    v2: { 'cpu.max': '150000 100000' },
  },
  {
    options: ['--cpu-quota', '20000', '--cpu-period', '50000'],
    controller: 'cpu',
    v1: { 'cpu.cfs_quota_us': '20000', 'cpu.cfs_period_us': '50000' },
    v2: { 'cpu.max': '20000 50000' },
  },
  {
    options: ['--cpu-shares', '512'],
    controller: 'cpu',
    v1: { 'cpu.shares': '512' },
    v2: { 'cpu.weight': '59' },
  },
  {
    options: ['--cpuset-cpus', '0', '--cpuset-mems', '0'],
    controller: 'cpuset',
    v1: { 'cpuset.cpus': '0', 'cpuset.mems': '0' },
    v2: { 'cpuset.cpus': '0', 'cpuset.mems': '0' },
  },
  { options: ['--pids-limit', '33'], controller: 'pids', v1: { 'pids.max': '33' }, v2: { 'pids.max': '33' } },
];

describe('what the kernel says is what was asked with', () => {
  it.each(ASKED)('$options', async ({ options, controller, v1, v2 }) => {
    const path = await start(...options);
    const said = Object.entries(isV1(controller) ? v1 : v2);
    for (const [name, value] of said)
      expect(kernelValue(path, { controller, v1: name, v2: name })).toBe(value);
  });

  it.runIf(isV1('memory'))('--memory-swappiness and --oom-kill-disable', async () => {
    const path = await start('-m', '64m', '--memory-swappiness', '7', '--oom-kill-disable');
    const read = (v1: string) => kernelValue(path, { controller: 'memory', v1, v2: '' });
    expect(read('memory.swappiness')).toBe('7');
    expect(read('memory.oom_control')).toMatch(/^oom_kill_disable 1$/m);
  });

  const weightFile = bfqWeight();
  it.runIf(weightFile)('--blkio-weight', async () => {
    const path = await start('--blkio-weight', '321');
    const weight = kernelValue(path, { controller: 'blkio', v1: 'blkio.bfq.weight', v2: 'io.bfq.weight' });
    expect(weight).toMatch(/\b321$/);
  });

  const disk = someDisk();
  it.runIf(disk)('--device-read-bps and its like', async () => {
    const { path: device, numbers } = disk ?? { path: '', numbers: '' };
    const path = await start(
      ...['--device-read-bps', `${device}:1mb`, '--device-write-bps', `${device}:2mb`],
      ...['--device-read-iops', `${device}:300`, '--device-write-iops', `${device}:400`],
    );
    const read = (v1: string) => kernelValue(path, { controller: 'blkio', v1, v2: 'io.max' });
    if (!isV1('blkio')) {
      expect(read('')).toBe(`${numbers} rbps=${MIB} wbps=${2 * MIB} riops=300 wiops=400`);
      return;
    }
    expect(read('blkio.throttle.read_bps_device')).toBe(`${numbers} ${MIB}`);
    expect(read('blkio.throttle.write_bps_device')).toBe(`${numbers} ${2 * MIB}`);
    expect(read('blkio.throttle.read_iops_device')).toBe(`${numbers} 300`);
    expect(read('blkio.throttle.write_iops_device')).toBe(`${numbers} 400`);
  });

  it.runIf(isV1('cpuset'))(
    'CPUs that the cgroup above does not have are refused, with those that it has',
    async () => {
      const parent = `/skiff-test-${process.pid}/set`;
      const directory = join('/sys/fs/cgroup/cpuset', parent);
      mkdirSync(directory, { recursive: true });
      onTestFinished(() => removeParents(parent));
      for (const path of [join(directory, '..'), directory])
        for (const name of ['cpuset.cpus', 'cpuset.mems']) writeFileSync(join(path, name), '0');
      const below = ['--cgroup-parent', parent];
      const sentence = `CPUs 1 are not available: 0-1 were asked for, and the cgroup ${parent} has 0`;
      const refused = await store.skiff(['run', '--rm', ...below, '--cpuset-cpus', '0-1', busybox, 'true']);
      expect(refused).toMatchObject({ code: 125, stderr: expect.stringContaining(sentence) });
      expect(existsSync(join('/sys/fs/cgroup/pids', parent))).toBe(false);
      const id = await store.ok(['create', ...below, '--cpuset-cpus', '0', busybox, 'sleep', '600']);
      for (const _ of ['created', 'running']) {
        expect(await store.skiff(['update', '--cpuset-cpus', '0-1', id])).toMatchObject({
          code: 125,
          stderr: expect.stringContaining(sentence),
        });
        await store.ok(['start', id]);
      }
      await store.ok(['rm', '-f', id]);
    },
  );

  it('--cgroup-parent: in every hierarchy below a directory that did not exist', async () => {
    const parent = `/skiff-test-${process.pid}/a`;
    onTestFinished(() => removeParents(parent));
    const id = await store.ok(['run', '-d', '--cgroup-parent', parent, '-m', '64m', busybox, 'sleep', '600']);
    const path = `${parent}/skiff-${id}`;
    expect(kernelValue(path, { controller: 'memory', v1: 'memory.limit_in_bytes', v2: 'memory.max' })).toBe(
      String(64 * MIB),
    );
    expect(kernelValue(path, { controller: 'pids', v1: 'pids.current', v2: 'pids.current' })).toBe('1');
    const [{ HostConfig }] = JSON.parse(await store.ok(['inspect', id]));
    expect(HostConfig.CgroupParent).toBe(parent);
    await store.ok(['rm', '-f', id]);
    for (const { directory } of readCgroupLayout().hierarchies)
      expect(existsSync(join(directory, path))).toBe(false);
  });
});

function bfqWeight(): boolean {
  return isV1('blkio') && existsSync('/sys/fs/cgroup/blkio/blkio.bfq.io_service_bytes');
}

function removeParents(parent: string): void {
  for (const { directory } of readCgroupLayout().hierarchies) {
    for (const path of [parent, join(parent, '..')]) {
      if (existsSync(join(directory, path))) rmdirSync(join(directory, path));
    }
  }
}

describe('a device that BFQ does not schedule', () => {
  const { path = '', numbers = '' } = someDisk() ?? {};
  const scheduler = `/sys/dev/block/${numbers}/queue/scheduler`;
  const isOther = path !== '' && !readFileSync(scheduler, 'utf8').includes('[bfq]');

  it.runIf(isOther && bfqWeight())('can have no weight, and is refused before anything is made', async () => {
    const { code, stderr } = await store.skiff([
      'run',
      '--blkio-weight-device',
      `${path}:200`,
      busybox,
      'true',
    ]);
    expect(code).toBe(125);
    expect(stderr).toContain(`device ${numbers} is scheduled by`);
    expect(stderr).toContain(`hint: --blkio-weight-device: echo bfq > ${scheduler}`);
  });
});
