import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PlanRecord } from '../../src/runtime/record.ts';
import { finished, gone, type PlannedContainer, printed, useRoom } from '../helpers/plan.ts';
import { until } from '../helpers/until.ts';

const room = useRoom();

const V1 = existsSync('/sys/fs/cgroup/memory/cgroup.procs');
const FROZEN = `skiff-native-frozen-${process.pid}`;
const FREEZER_V1 = '/sys/fs/cgroup/freezer';
const UNIFIED = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) =>
  existsSync(join(path, 'cgroup.controllers')),
);

function script(...lines: string[]): string[] {
  return ['sh', '-c', lines.join('\n')];
}

/** The lines of the exit record by their keys. */
function recordOf(container: PlannedContainer): Record<string, string> {
  const lines = readFileSync(container.path('exit'), 'utf8').trim().split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const [key = '', ...values] = line.split(' ');
      return [key, values.join(' ')];
    }),
  );
}

describe('the exit record', () => {
  it('of a container without limits tells only how much memory it had', async () => {
    const container = room.plan({ args: ['true'] });
    await container.run();
    const { 'memory-peak': peak, ...others } = recordOf(container);
    expect(Object.keys(others)).toEqual(['code', 'oom', 'started', 'finished']);
    expect(others).toMatchObject({ code: '0', oom: '0' });
    expect(Number(peak)).toBeGreaterThan(0);
  });

  it('counts the kills for want of memory, and says what the limit was', async () => {
    const limit = 16 << 20;
    const container = room.plan({ args: script('tail /dev/zero; tail /dev/zero; exit 7'), memory: limit });
    expect((await container.run()).code).toBe(7);
    expect(recordOf(container)).toMatchObject({
      code: '7',
      oom: '1',
      'oom-kills': '2',
      'memory-limit': String(limit),
    });
    expect(Number(recordOf(container)['memory-peak'])).toBeGreaterThan(limit / 2);
  });

  it('counts the forks that the limit of tasks refused', async () => {
    const container = room.plan({ args: script('(sleep 0 & sleep 0 & sleep 0 & wait); exit 0'), pids: 2 });
    await container.run();
    expect(Number(recordOf(container)['pids-refused'])).toBeGreaterThan(0);
  });

  it('counts the periods in which it was throttled', async () => {
    const container = room.plan({
      args: script(
        'while ! grep -q "throttled_[a-z]* [1-9]" /sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpu/cpu.stat',
        'do :; done 2>/dev/null',
      ),
      cpu: { period: 100_000, quota: 2000 },
    });
    expect((await container.run()).code).toBe(0);
    expect(recordOf(container)['throttled']).toMatch(/^[1-9]\d* [1-9]\d*$/);
  });

  it('tells the last signal that was sent, and when', async () => {
    const container = room.plan({
      args: script('trap "" 10; trap "exit 3" 15; echo up; while :; do sleep 0.02; done'),
    });
    const child = container.start();
    const result = finished(child);
    await printed(child, 'up');
    const before = Date.now();
    await container.ask('signal 10');
    child.kill('SIGTERM');
    expect((await result).code).toBe(3);
    const [signal, at] = (recordOf(container)['sent'] ?? '').split(' ').map(Number);
    expect(signal).toBe(15);
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now());
    expect(recordOf(container)['escalated']).toBeUndefined();
  });

  it('tells that a stop ended with SIGKILL because the time was up', async () => {
    const container = room.plan({ args: script('trap "" 15; echo up; while :; do sleep 0.02; done') });
    const child = container.start();
    const result = finished(child);
    await printed(child, 'up');
    expect(await container.ask('stop 15 0')).toBe('exit 137 escalated\n');
    await result;
    expect(recordOf(container)).toMatchObject({ code: '137', signal: '9', escalated: '1' });
    expect(recordOf(container)['sent']).toMatch(/^9 /);
  });

  it('is written by cleanup, with what the cgroups still tell', async () => {
    const container = room.plan({ args: ['sleep', '1000'], memory: 32 << 20 });
    expect((await container.detach()).code).toBe(0);
    const { monitor, init } = container.state;
    process.kill(monitor.pid, 'SIGKILL');
    await gone(init.pid);
    expect((await container.cleanup()).code).toBe(0);
    expect(recordOf(container)).toMatchObject({ code: '137', oom: '0', 'memory-limit': String(32 << 20) });
  });
});

/** Resolves when a process has let go of everything, its locks among that; nobody may have reaped it. */
async function dead(pid: number): Promise<void> {
  const lives = (): boolean => {
    try {
      return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return false;
    }
  };
  await until(() => !lives());
}

/** A container in one more cgroup, whose processes are frozen when its command runs; below it is another cgroup. */
async function frozen(version: 'v1' | 'v2', parent: string): Promise<PlannedContainer> {
  const directory = join(parent, FROZEN);
  const records: PlanRecord[] = [['cgroup', version, directory]];
  const teardown: PlanRecord[] = [['rmdir-cgroup', directory]];
  const setup: PlanRecord[] = [['mkdir', join(directory, 'below'), '755']];
  const container = room.plan({ args: ['sleep', '1000'], general: records, setup, teardown });
  expect((await container.detach()).code).toBe(0);
  const child = version === 'v1' ? join(directory, 'below') : directory;
  if (version === 'v1') writeFileSync(join(child, 'cgroup.procs'), String(container.state.init.pid));
  const [file, value, state] =
    version === 'v1' ? ['freezer.state', 'FROZEN', 'freezer.state'] : ['cgroup.freeze', '1', 'cgroup.events'];
  writeFileSync(join(child, file), value);
  await until(() => /^FROZEN|frozen 1/m.test(readFileSync(join(child, state), 'utf8')));
  return container;
}

const hierarchies = [
  ...(existsSync(FREEZER_V1) ? [['v1', FREEZER_V1] as const] : []),
  ...(UNIFIED !== undefined && V1 ? [['v2', UNIFIED] as const] : []),
];

describe.each(hierarchies)('a frozen container (%s)', (version, parent) => {
  it('ends by SIGKILL', async () => {
    const container = await frozen(version, parent);
    const ended = container.ask('wait');
    expect(await container.ask('signal 9')).toBe('ok\n');
    expect(await ended).toBe('exit 137\n');
    expect([container.leftovers(), existsSync(join(parent, FROZEN))]).toEqual([[], false]);
  });

  it('ends when the timeout of a stop has passed', async () => {
    const container = await frozen(version, parent);
    expect(await container.ask('stop 15 0')).toBe('exit 137 escalated ignored\n');
    expect(recordOf(container)).toMatchObject({ escalated: '1' });
    expect([container.leftovers(), existsSync(join(parent, FROZEN))]).toEqual([[], false]);
  });

  it('is cleaned up after its monitor died', async () => {
    const container = await frozen(version, parent);
    const { monitor, init } = container.state;
    process.kill(monitor.pid, 'SIGKILL');
    await dead(monitor.pid);
    expect((await container.cleanup()).code).toBe(0);
    await gone(init.pid);
    expect(recordOf(container)).toMatchObject({ code: '137' });
    expect([container.leftovers(), existsSync(join(parent, FROZEN))]).toEqual([[], false]);
  });
});
