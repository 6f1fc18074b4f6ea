import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readText } from '../../src/host/read-text.ts';
import { parseExitRecord, type StateRecord } from '../../src/runtime/monitor/records.ts';
import type { PlanRecord } from '../../src/runtime/record.ts';
import {
  finished,
  gone,
  killed,
  type PlannedContainer,
  printed,
  useRoom,
  type Wishes,
} from '../helpers/plan.ts';
import { until } from '../helpers/until.ts';

const room = useRoom();

/** The times of files are those of the kernel's last tick, 10 ms ago at most. */
const TICK_MS = 10;

const V1 = existsSync('/sys/fs/cgroup/memory/cgroup.procs');

function script(...lines: string[]): string[] {
  return ['sh', '-c', lines.join('\n')];
}

/** A command that notes when it ran, in ms, and then does what `then` says with the number of its run in $n. */
function counting(...then: string[]): string[] {
  return script('read now _ < /proc/uptime', 'echo $now >> /runs', 'n=$(wc -l < /runs)', ...then);
}

/** When the runs began, in ms of the host's uptime. */
function runs(container: PlannedContainer): number[] {
  const text = readFileSync(container.path('upper/runs'), 'utf8').trim();
  return text.split('\n').map((line) => Math.round(Number(line) * 1000));
}

/** Resolves to what `look` finds, which it does at last when something in the directory has changed. */
function seen<T>(directory: string, look: () => T | undefined): Promise<T> {
  return new Promise((done) => {
    const watcher = watch(directory);
    const lookAgain = (): void => {
      const found = look();
      if (found === undefined) return;
      watcher.close();
      done(found);
    };
    watcher.on('change', lookAgain);
    lookAgain();
  });
}

/** Resolves when the state record says so. */
function state(container: PlannedContainer, holds: (state: StateRecord) => boolean): Promise<StateRecord> {
  return seen(container.runDir, () => {
    const now = container.state;
    return holds(now) ? now : undefined;
  });
}

/** Resolves when a container has ended for good: its records are those of before, and its monitor's may be gone already. */
async function ended(container: PlannedContainer): Promise<void> {
  await until(() => !existsSync(container.runDir));
}

/** A container each of whose starts waits until it is let in: its log is a pipe that is opened for writing then. */
function gated(wishes: Wishes): {
  container: PlannedContainer;
  begin(): Promise<void>;
  letIn(): Promise<void>;
} {
  const gate = join(room.root, `gate-${gates++}`);
  execFileSync('mkfifo', [gate]);
  const log: PlanRecord = ['log', 'json-file', gate, '0', '1', 'plain'];
  const container = room.plan({ ...wishes, general: [log, ...(wishes.general ?? [])] });
  const open = () => openSync(gate, constants.O_RDONLY | constants.O_NONBLOCK);
  return {
    container,
    async begin() {
      const reader = open();
      const { code, stderr } = await container.detach();
      closeSync(reader);
      expect([code, stderr]).toEqual([0, '']);
    },
    async letIn() {
      const { pid } = container.state.monitor;
      // open(2) of x86-64, or openat(2) of it and of arm64.
      await until(() => /^(2|257|56) /.test(readText(`/proc/${pid}/syscall`) ?? ''));
      closeSync(open());
    },
  };
}

let gates = 0;

describe('a restart policy', () => {
  it('starts a container again that fails, after 100, 200 and 400 ms, and tells of its last end', async () => {
    const container = room.plan({
      args: counting('[ $n = 4 ] && exit 0', 'exit 7'),
      general: [['restart', 'on-failure', '0']],
    });
    expect((await container.detach()).code).toBe(0);
    await ended(container);
    const began = runs(container);
    const pauses = began.slice(1).map((time, i) => time - (began[i] ?? 0));
    expect(pauses).toHaveLength(3);
    for (const [i, least] of [100, 200, 400].entries()) expect(pauses[i]).toBeGreaterThanOrEqual(least - 10);
    expect(container.exit).toMatchObject({ code: 0 });
    expect(container.leftovers()).toEqual([]);
  });

  it('waits for as long as it says, and for 100 ms again once a container has run for ten seconds', async () => {
    const { container, begin, letIn } = gated({
      args: counting('[ $n = 3 ] && sleep 10.1', '[ $n = 5 ] && exec sleep 1000', 'exit 7'),
      general: [['restart', 'always', '0']],
    });
    await begin();
    const pauses: { sinceEnd: number; sinceNoted: number }[] = [];
    for (const restarts of [1, 2, 3, 4]) {
      const waiting = await state(
        container,
        (now) => now.restarting !== undefined && now.restarts === restarts,
      );
      const exit = await seen(container.directory, () =>
        existsSync(container.path('exit')) ? container.exit : undefined,
      );
      const noted = statSync(join(container.runDir, 'state')).mtimeMs;
      const due = waiting.restarting ?? 0;
      pauses.push({ sinceEnd: due - exit.finished, sinceNoted: due - noted });
      await letIn();
    }
    await state(container, (now) => now.restarts === 4 && now.restarting === undefined);
    await container.ask('stop 9 0');
    // The pause begins after the end of the run, and before it is noted, however long either takes.
    for (const [i, pause] of [100, 200, 100, 200].entries()) {
      expect(pauses[i]?.sinceEnd).toBeGreaterThanOrEqual(pause);
      expect(pauses[i]?.sinceNoted).toBeLessThan(pause + TICK_MS);
    }
    const began = runs(container);
    expect(began).toHaveLength(5);
    expect((began[3] ?? 0) - (began[2] ?? 0)).toBeGreaterThan(10_000);
  }, 60_000);

  it('gives up after so many attempts', async () => {
    const container = room.plan({
      args: counting('exit 9'),
      general: [['restart', 'on-failure', '2']],
    });
    await container.detach();
    await ended(container);
    expect(runs(container)).toHaveLength(3);
    expect(container.exit).toMatchObject({ code: 9 });
    expect(container.leftovers()).toEqual([]);
  });

  it('lets a container rest that ends well, unless it is to run always', async () => {
    const content = room.plan({ args: counting('exit 0'), general: [['restart', 'on-failure', '0']] });
    await content.run();
    expect(runs(content)).toHaveLength(1);
    const restless = room.plan({
      args: counting('echo run $n', '[ $n = 2 ] && exec sleep 1000', 'exit 0'),
      general: [['restart', 'always', '0']],
    });
    await restless.detach();
    await seen(restless.directory, () => (/run 2/.test(restless.log) ? true : undefined));
    expect(restless.state.restarts).toBe(1);
    await restless.ask('stop 9 0');
    expect(runs(restless)).toHaveLength(2);
  });

  it('is ended by a stop, and by a signal that ends processes', async () => {
    for (const request of ['stop 15 0', 'signal 9', 'signal 2']) {
      const container = room.plan({
        args: counting('trap "exit 3" INT', 'echo up', 'while :; do sleep 0.02; done'),
        general: [['restart', 'unless-stopped', '0']],
      });
      const child = container.start();
      const result = finished(child);
      await printed(child, 'up');
      const { monitor } = container.state;
      await container.ask(request);
      await result;
      await gone(monitor.pid);
      expect(runs(container)).toHaveLength(1);
      expect(container.leftovers()).toEqual([]);
    }
  });

  it('outlives a signal that asks for something else', async () => {
    const container = room.plan({
      args: counting(
        '[ $n = 2 ] && exec sleep 1000',
        'trap "exit 0" HUP',
        'echo up',
        'while :; do sleep 0.02; done',
      ),
      general: [['restart', 'always', '0']],
    });
    const child = container.start();
    const result = finished(child);
    await printed(child, 'up');
    expect(await container.ask('signal 1')).toBe('ok\n');
    expect((await result).code).toBe(0);
    await state(container, (now) => now.restarts === 1 && now.init.pid > 0);
    await container.ask('stop 9 0');
  });

  it('ends at once by a stop in the pause before the next start', async () => {
    const container = room.plan({
      args: counting('exit 5'),
      general: [['restart', 'always', '0']],
    });
    await container.detach();
    const { restarting, restarts, init } = await state(
      container,
      (now) => now.restarts >= 5 && (now.restarting ?? 0) - Date.now() > 1000,
    );
    expect(init.pid).toBe(0);
    expect(await container.ask('stop 15 10000')).toBe('exit 5\n');
    expect(Date.now()).toBeLessThan(restarting ?? 0);
    expect(runs(container)).toHaveLength(restarts);
    expect(container.exit.restarts).toBe(restarts);
    expect(container.leftovers()).toEqual([]);
  });

  it('counts a start that fails as a failure', async () => {
    const container = room.plan({
      args: counting('cp /bin/busybox /bin/other', 'rm -f /bin/sh', 'exit 1'),
      general: [['restart', 'on-failure', '3']],
    });
    await container.detach();
    await ended(container);
    expect(container.exit).toMatchObject({ code: 127 });
    expect(runs(container)).toHaveLength(1);
    expect(container.leftovers()).toEqual([]);
  });

  it('tells those who wait of the end of a run, and lets the client of the first one go', async () => {
    const container = room.plan({
      args: counting('[ $n = 2 ] && exec sleep 1000', 'echo up', 'read _', 'exit 4'),
      stdin: 'open',
      general: [['restart', 'always', '0']],
    });
    const child = container.start('attach', 'pipe');
    const result = finished(child);
    await printed(child, 'up');
    const waited = container.ask('wait');
    // Heard after the other one: SIGURG, which means nothing to a shell.
    expect(await container.ask('signal 23')).toBe('ok\n');
    child.stdin?.end('go on\n');
    expect((await result).code).toBe(4);
    expect(await waited).toBe('exit 4\n');
    await state(container, (now) => now.restarts === 1 && now.init.pid > 0);
    await container.ask('stop 9 0');
  });

  it('keeps one log, and the limits that the container has by now', async () => {
    const container = room.plan({
      args: counting('echo run $n', '[ $n = 2 ] && exec sleep 1000', 'read _', 'exit 1'),
      stdin: 'open',
      pids: 50,
      general: [['restart', 'always', '0']],
    });
    const child = container.start('attach', 'pipe');
    const result = finished(child);
    await printed(child, 'run 1');
    const limit = join(container.cgroups.at(V1 ? 2 : 0) ?? '', 'pids.max');
    expect(readFileSync(limit, 'utf8')).toBe('50\n');
    writeFileSync(limit, '60');
    child.stdin?.end('\n');
    await result;
    await state(container, (now) => now.restarts === 1 && now.init.pid > 0);
    expect(readFileSync(limit, 'utf8')).toBe('60\n');
    const log = await seen(container.directory, () =>
      /run 2/.test(container.log) ? container.log : undefined,
    );
    expect(log).toMatch(/run 1\\n.*\n.*run 2\\n/);
    await container.ask('stop 9 0');
  });

  it('tells of each run what the kernel counted in that run', async () => {
    const { container, begin, letIn } = gated({
      args: counting('[ $n = 1 ] && tail /dev/zero', 'exit 3'),
      memory: 16 << 20,
      general: [['restart', 'on-failure', '1']],
    });
    await begin();
    await state(container, (now) => now.restarting !== undefined);
    const first = await seen(container.directory, () =>
      existsSync(container.path('exit')) ? container.exit : undefined,
    );
    expect(first).toMatchObject({ code: 3, oom: true, oomKills: 1 });
    await letIn();
    await ended(container);
    expect(container.exit).toMatchObject({ code: 3, oom: false });
  });

  it('does not let processes of a run live on in the next one', async () => {
    const container = room.plan({
      args: counting(
        '[ $n = 2 ] && { [ -e /proc/$(cat /pid)/exe ] && echo alive || echo dead; } > /left && exit 0',
        'sleep 999 &',
        'echo $! > /pid',
        'exit 1',
      ),
      namespaces: ['mount', 'uts', 'ipc', 'net', 'cgroup'],
      general: [['restart', 'on-failure', '0']],
    });
    await container.detach();
    await ended(container);
    expect(container.leftovers()).toEqual([]);
    expect(readFileSync(container.path('upper/left'), 'utf8')).toBe('dead\n');
  });
});

describe('a restart policy that is changed while a container runs', () => {
  const READING = ['echo run $n', 'read _', 'exit 1'];

  it('holds from the end of this run on', async () => {
    const container = room.plan({
      args: counting('[ $n = 2 ] && exec sleep 1000', ...READING),
      stdin: 'open',
    });
    const child = container.start('attach', 'pipe');
    const result = finished(child);
    await printed(child, 'run 1');
    expect(await container.ask('restart-policy unless-stopped 0')).toBe('ok\n');
    child.stdin?.end('\n');
    await result;
    await state(container, (now) => now.restarts === 1 && now.init.pid > 0);
    await container.ask('stop 9 0');
  });

  it('may be that there is none any more', async () => {
    const container = room.plan({
      args: counting(...READING),
      stdin: 'open',
      general: [['restart', 'always', '0']],
    });
    const child = container.start('attach', 'pipe');
    const result = finished(child);
    await printed(child, 'run 1');
    const { monitor } = container.state;
    expect(await container.ask('restart-policy no 0')).toBe('ok\n');
    child.stdin?.end('\n');
    await result;
    await gone(monitor.pid);
    expect(runs(container)).toHaveLength(1);
    expect(container.leftovers()).toEqual([]);
  });

  it('is heard in the pause before the next start, which comes all the same', async () => {
    const container = room.plan({ args: counting('exit 5'), general: [['restart', 'always', '0']] });
    await container.detach();
    const { restarts } = await state(
      container,
      (now) => now.restarts >= 3 && (now.restarting ?? 0) - Date.now() > 200,
    );
    expect(await container.ask(`restart-policy on-failure ${restarts}`)).toBe('ok\n');
    await ended(container);
    expect(runs(container)).toHaveLength(restarts + 1);
  });

  it('has to be one that there is', async () => {
    const container = room.plan({ args: ['sleep', '1000'] });
    await container.detach();
    for (const words of ['sometimes 0', 'always', 'always -1', 'on-failure x', ''])
      expect(await container.ask(`restart-policy ${words}`)).toBe('error 22\n');
    await container.ask('stop 9 0');
  });
});

describe('the request `keep`', () => {
  it('leaves what was to be removed with the end of the container, and no mark', async () => {
    const [trash, files, mark] = ['trash', 'files', 'mark'].map((name) => join(room.root, name));
    for (const path of [trash, files]) mkdirSync(path ?? '');
    const removed = room.plan({
      args: ['sleep', '1000'],
      teardown: [
        ['remove-tree', files ?? '', trash ?? ''],
        ['touch', mark ?? ''],
      ],
    });
    await removed.detach();
    expect(await removed.ask('keep')).toBe('ok\n');
    expect(await removed.ask('stop 9 0')).toBe('exit 137\n');
    expect(removed.exit).toMatchObject({ code: 137 });
    expect(removed.leftovers()).toEqual([]);
    expect([files, mark].map((path) => existsSync(path ?? ''))).toEqual([true, false]);
  });
});

describe('a monitor that is killed', () => {
  it('while it waits leaves the last end and nothing else to clean up', async () => {
    const container = room.plan({ args: counting('exit 6'), general: [['restart', 'always', '0']] });
    await container.detach();
    const { monitor, restarts } = await state(
      container,
      (now) => now.restarts >= 4 && (now.restarting ?? 0) - Date.now() > 400,
    );
    await killed(monitor.pid);
    expect((await container.cleanup()).code).toBe(0);
    expect(container.exit).toMatchObject({ code: 6, restarts });
    expect(container.leftovers()).toEqual([]);
  });

  it('in a later run is told apart from the memory that an earlier run lacked', async () => {
    const container = room.plan({
      args: counting('[ $n = 1 ] && tail /dev/zero', '[ $n = 1 ] && exit 1', 'exec sleep 1000'),
      memory: 16 << 20,
      general: [['restart', 'always', '0']],
    });
    await container.detach();
    const { monitor, init } = await state(container, (now) => now.restarts === 1 && now.init.pid > 0);
    process.kill(monitor.pid, 'SIGKILL');
    await gone(init.pid);
    expect((await container.cleanup()).code).toBe(0);
    expect(container.exit).toMatchObject({ code: 137, oom: false });
    expect(container.leftovers()).toEqual([]);
  });
});

describe('the record `timeout`', () => {
  it('stops a container that has run for so long', async () => {
    const container = room.plan({
      args: script('trap "exit 8" TERM; while :; do sleep 0.02; done'),
      general: [
        ['timeout', '150'],
        ['restart', 'always', '0'],
      ],
    });
    expect((await container.run()).code).toBe(8);
    const { started, finished: ended } = parseExitRecord(readFileSync(container.path('exit'), 'utf8'));
    expect(ended - started).toBeGreaterThanOrEqual(140);
    expect(container.leftovers()).toEqual([]);
  });
});

describe('a stop that takes too long', () => {
  it('tells that process 1 had no handler for the signal', async () => {
    const container = room.plan({ args: ['sleep', '1000'] });
    await container.detach();
    expect(await container.ask('stop 15 50')).toBe('exit 137 escalated ignored\n');
    expect(container.exit).toMatchObject({ escalated: true, ignored: true });
  });

  it('does not say so of one that ignores it on purpose, or takes its time', async () => {
    for (const trap of ['trap "" TERM', 'trap : TERM']) {
      const container = room.plan({ args: script(trap, 'echo up', 'while :; do sleep 0.02; done') });
      const child = container.start();
      const result = finished(child);
      await printed(child, 'up');
      expect(await container.ask('stop 15 50')).toBe('exit 137 escalated\n');
      expect(container.exit.ignored).toBeUndefined();
      await result;
    }
  });
});
