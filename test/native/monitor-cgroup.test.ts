import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StateRecord } from '../../src/runtime/monitor/records.ts';
import { encodePlan, type PlanRecord } from '../../src/runtime/record.ts';
import { gone, killed, type PlannedContainer, useRoom, type Wishes } from '../helpers/plan.ts';

const V1 = existsSync('/sys/fs/cgroup/cpu/cgroup.procs');
const VERSION = V1 ? 'v1' : 'v2';
const ROOT = V1 ? '/sys/fs/cgroup/cpu' : '/sys/fs/cgroup';
/** Where monitors go back to that have another place than the root. */
const ORIGIN = join(ROOT, `skiff-native-origin-${process.pid}`);
const GONE = `${ORIGIN}/gone`;

let number = 0;
const made: string[] = [];
// Comes after what the room does at the end.
afterAll(() => {
  expect(made.filter((path) => existsSync(path))).toEqual([]);
});
const room = useRoom();
beforeAll(() => {
  mkdirSync(ORIGIN);
});
afterAll(() => rmdirSync(ORIGIN));

/** A container whose monitor has a cgroup of its own; it goes back to the first of `back` that takes it. */
function limited(wishes: Wishes, back: readonly string[] = [ROOT]) {
  number += 1;
  const cgroup = join(ROOT, `skiff-native-monitor-${process.pid}-${number}`);
  made.push(cgroup);
  const { general = [], teardown = [] } = wishes;
  const container = room.plan({
    ...wishes,
    general: [['monitor-cgroup', VERSION, cgroup, ...back], ...general],
    teardown: [['vacate-cgroup', cgroup, ...back], ...teardown],
  });
  return { cgroup, container };
}

/** The same, but that the monitor is told of it while the container runs. */
function limitedLater(wishes: Wishes) {
  number += 1;
  const cgroup = join(ROOT, `skiff-native-monitor-${process.pid}-${number}`);
  made.push(cgroup);
  const container = room.plan(wishes);
  const records: PlanRecord[] = [
    ['id', container.id],
    ['rundir', container.runDir],
    ['exit-record', container.path('exit')],
    ['monitor-cgroup', VERSION, cgroup, ROOT],
    ['setup'],
    ['init'],
    ['process'],
    ['teardown'],
    ['vacate-cgroup', cgroup, ROOT],
  ];
  const tell = async () => {
    writeFileSync(join(container.runDir, 'monitor-cgroups'), encodePlan(records), { mode: 0o600 });
    expect(await container.ask('monitor-cgroups')).toBe('ok\n');
  };
  return { cgroup, container, tell };
}

/** Who holds the process of that exec. */
function holderOf(container: PlannedContainer, execId: string): number {
  const text = readFileSync(join(container.runDir, `exec/${execId}.state`), 'utf8');
  return Number(/^holder (\d+)/m.exec(text)?.[1]);
}

/** Where a process is in the hierarchy of the limits. */
function placeOf(pid: number): string {
  const text = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  const path = (V1 ? /^\d+:cpu(?:,\w+)?:(.*)$/m : /^0::(.*)$/m).exec(text)?.[1] ?? '';
  return path === '/' ? ROOT : `${ROOT}${path}`;
}

/** Resolves when that holds, which it does at last when something in the directory has changed. */
function seen(directory: string, holds: () => boolean): Promise<void> {
  return new Promise((done) => {
    const watcher = watch(directory);
    const look = (): void => {
      if (!holds()) return;
      watcher.close();
      done();
    };
    watcher.on('change', look);
    look();
  });
}

/** Resolves when the state record says so. */
function state(container: PlannedContainer, holds: (state: StateRecord) => boolean): Promise<void> {
  return seen(container.runDir, () => holds(container.state));
}

async function stop(container: PlannedContainer): Promise<void> {
  const { pid } = container.state.monitor;
  expect(await container.ask('stop 9 0')).toContain('exit 137');
  await gone(pid);
}

describe('the cgroup of a monitor', () => {
  it('has the monitor and holders of exec in it while the container runs, and neither the container nor what is executed there', async () => {
    const { cgroup, container } = limited({ args: ['sleep', '600'] });
    await container.detach();
    const { monitor, init } = container.state;
    const general: PlanRecord[] = [['monitor-cgroup', VERSION, cgroup, ROOT]];
    const exec = container.exec({ args: ['sleep', '600'], mode: 'detach', execId: 'e', general });
    await new Promise((done) => exec.on('exit', done));
    const state = readFileSync(join(container.runDir, 'exec/e.state'), 'utf8');
    const executed = Number(/^process (\d+)/m.exec(state)?.[1]);
    for (const pid of [monitor.pid, holderOf(container, 'e')]) expect(placeOf(pid)).toBe(cgroup);
    for (const pid of [init.pid, executed]) expect(placeOf(pid)).toBe(container.cgroups[V1 ? 1 : 0]);
    await stop(container);
    expect(existsSync(cgroup)).toBe(false);
    expect(container.leftovers()).toEqual([]);
  });

  it('does not hold a health check', async () => {
    const show: PlanRecord[] = ['sh', '-c', 'cat /proc/self/cgroup'].map((arg) => ['health-arg', arg]);
    const { cgroup, container } = limited({
      args: ['sleep', '600'],
      namespaces: ['mount', 'pid', 'uts', 'ipc', 'net'],
      general: [['health', '10', '10000', '0', '0', '1', 'none'], ...show],
    });
    await container.detach();
    const health = () => readFileSync(join(container.runDir, 'health'), 'utf8');
    await seen(
      container.runDir,
      () => existsSync(join(container.runDir, 'health')) && /^probe /m.test(health()),
    );
    expect(health()).toContain(container.id);
    expect(health()).not.toContain(cgroup.slice(ROOT.length));
    await stop(container);
  });

  it('is left with a start that fails', async () => {
    const { cgroup, container } = limited({ args: ['no-such-command'] });
    expect((await container.run()).code).toBe(125);
    expect(existsSync(cgroup)).toBe(false);
    expect(container.leftovers()).toEqual([]);
  });

  it('is left when a run has ended, and joined again with the next one', async () => {
    const { cgroup, container } = limited(
      {
        args: ['sh', '-c', 'echo >>/runs; if [ $(wc -l </runs) -gt 4 ]; then exec sleep 600; fi; exit 1'],
        general: [['restart', 'on-failure', '0']],
      },
      [ORIGIN, ROOT],
    );
    await container.detach();
    const { pid } = container.state.monitor;
    // The fourth pause is of 800 ms.
    await state(container, ({ restarts, restarting }) => restarts === 4 && restarting !== undefined);
    expect(placeOf(pid)).toBe(ORIGIN);
    await state(container, ({ restarts, restarting }) => restarts === 4 && restarting === undefined);
    expect(placeOf(pid)).toBe(cgroup);
    await stop(container);
    expect(existsSync(cgroup)).toBe(false);
  });

  it('goes although the one that the monitor came from is gone', async () => {
    const { cgroup, container } = limited({ args: ['sleep', '600'] }, [GONE, ROOT]);
    await container.detach();
    await stop(container);
    expect(existsSync(cgroup)).toBe(false);
    expect(container.leftovers()).toEqual([]);
  });

  it('stays with the runtime directory when nothing takes the monitor, for a clean-up later', async () => {
    const { cgroup, container } = limited({ args: ['sleep', '600'] }, [GONE]);
    await container.detach();
    await stop(container);
    expect(existsSync(cgroup)).toBe(true);
    expect(existsSync(container.planPath)).toBe(true);
    expect((await container.cleanup()).code).toBe(0);
    expect(existsSync(cgroup)).toBe(false);
    expect(container.leftovers()).toEqual([]);
  });

  it('is removed by the clean-up of a monitor that was killed', async () => {
    const { cgroup, container } = limited({ args: ['sleep', '600'] });
    await container.detach();
    await killed(container.state.monitor.pid);
    expect((await container.cleanup()).code).toBe(0);
    expect(existsSync(cgroup)).toBe(false);
    expect(container.leftovers()).toEqual([]);
  });

  it('ends without ending a compression that is under way', async () => {
    const [log, fifo, pid] = ['long', 'fifo', 'compressor'].map((name) => join(room.root, name));
    if (log === undefined || fifo === undefined || pid === undefined) throw new Error('three names');
    execFileSync('mkfifo', [fifo]);
    const script = `echo $$ >${pid}.new; mv ${pid}.new ${pid}; read line <${fifo}; mv "$1" "$1.$line"`;
    const { cgroup, container } = limited({
      args: ['sh', '-c', 'seq 2000; exec sleep 600'],
      general: [
        ['log', 'json-file', log, '20000', '5', 'compress'],
        ['log-compress', '/bin/sh', '-c', script, 'compress'],
      ],
    });
    await container.detach();
    await seen(room.root, () => existsSync(pid));
    expect(placeOf(Number(readFileSync(pid, 'utf8')))).toBe(cgroup);
    await stop(container);
    expect(existsSync(cgroup)).toBe(false);
    expect(placeOf(Number(readFileSync(pid, 'utf8')))).toBe(ROOT);
    writeFileSync(fifo, 'done\n');
    await seen(room.root, () => existsSync(`${log}.0000000001.done`));
  });
});

describe('the cgroup that a monitor is told of later', () => {
  it('has the monitor in it at once, and whoever holds a process of exec from then on, until the end', async () => {
    const { cgroup, container, tell } = limitedLater({ args: ['sleep', '600'] });
    await container.detach();
    const { pid } = container.state.monitor;
    expect(placeOf(pid)).toBe(ROOT);
    await tell();
    expect(placeOf(pid)).toBe(cgroup);
    const exec = container.exec({ args: ['sleep', '600'], mode: 'detach', execId: 'e' });
    await new Promise((done) => exec.on('exit', done));
    expect(placeOf(holderOf(container, 'e'))).toBe(cgroup);
    await stop(container);
    expect(existsSync(cgroup)).toBe(false);
    expect(container.leftovers()).toEqual([]);
  });

  it('is joined by the next run when it is told of while the monitor waits to start it', async () => {
    const { cgroup, container, tell } = limitedLater({
      args: ['sh', '-c', 'echo >>/runs; if [ $(wc -l </runs) -gt 4 ]; then exec sleep 600; fi; exit 1'],
      general: [['restart', 'on-failure', '0']],
    });
    await container.detach();
    const { pid } = container.state.monitor;
    // The fourth pause is of 800 ms.
    await state(container, ({ restarts, restarting }) => restarts === 4 && restarting !== undefined);
    await tell();
    expect(placeOf(pid)).toBe(ROOT);
    await state(container, ({ restarts, restarting }) => restarts === 4 && restarting === undefined);
    expect(placeOf(pid)).toBe(cgroup);
    await stop(container);
    expect(existsSync(cgroup)).toBe(false);
  });

  it('is removed by the clean-up of a monitor that was killed', async () => {
    const { cgroup, container, tell } = limitedLater({ args: ['sleep', '600'] });
    await container.detach();
    await tell();
    await killed(container.state.monitor.pid);
    expect((await container.cleanup()).code).toBe(0);
    expect(existsSync(cgroup)).toBe(false);
    expect(container.leftovers()).toEqual([]);
  });

  it('is refused without its file, and the container goes on', async () => {
    const { container } = limitedLater({ args: ['sleep', '600'] });
    await container.detach();
    expect(await container.ask('monitor-cgroups')).toBe('error 2\n');
    await stop(container);
    expect(container.leftovers()).toEqual([]);
  });
});
