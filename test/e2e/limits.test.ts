import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

const store = useStore();
let busybox: string;
useBusybox(store, (reference) => {
  busybox = reference;
});

describe('limits', () => {
  it('kill what takes more memory than it may, and inspect says so', async () => {
    // tail keeps everything in memory until its input ends, and zeros have no line end.
    const { code } = await store.skiff([
      'run',
      '--name',
      'greedy',
      '-m',
      '16m',
      busybox,
      'sh',
      '-c',
      'tail /dev/zero; exit $?',
    ]);
    expect(code).toBe(137);
    const [container] = JSON.parse(await store.ok(['inspect', 'greedy']));
    expect(container.State).toMatchObject({ Status: 'exited', OOMKilled: true, ExitCode: 137 });
    expect(container.HostConfig.Memory).toBe(16 * 1024 * 1024);
  });

  it('stop a loop of forks', async () => {
    const forks = 'i=0; while [ $i -lt 40 ]; do sleep 30 & i=$((i+1)); done; echo survived';
    const { stderr, code } = await store.skiff([
      'run',
      '--rm',
      '--pids-limit',
      '20',
      busybox,
      'sh',
      '-c',
      forks,
    ]);
    expect(stderr).toContain("can't fork");
    expect(code).not.toBe(0);
  });

  it("show as throttling in the cgroup's own counters", async () => {
    const script =
      'timeout 1 sh -c "while :; do :; done"; cat /sys/fs/cgroup/cpu/cpu.stat /sys/fs/cgroup/cpu.stat 2>/dev/null; true';
    const stat = await store.ok(['run', '--rm', '--cpus', '0.5', busybox, 'sh', '-c', script]);
    expect(Number(/^nr_throttled (\d+)$/m.exec(stat)?.[1])).toBeGreaterThan(2);
  });

  it('read in the cgroup as they were asked for', async () => {
    const read =
      'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; true';
    const limits = await store.ok([
      'run',
      '--rm',
      '-m',
      '64m',
      '--pids-limit',
      '33',
      busybox,
      'sh',
      '-c',
      read,
    ]);
    expect(limits.split('\n')).toEqual([String(64 * 1024 * 1024), '33']);
  });

  it("show only the container's own cgroup, read-only", async () => {
    const { code, stdout, stderr } = await store.skiff([
      'run',
      '--rm',
      busybox,
      'sh',
      '-c',
      'cat /proc/self/cgroup; f=$(ls -d /sys/fs/cgroup/pids /sys/fs/cgroup | head -n 1); echo 1 > $f/pids.max',
    ]);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/Read-only file system|Permission denied/);
    expect(stdout).toMatch(/^\d+:(pids)?:\/$/m);
  });
});
