import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { killed } from '../helpers/plan.ts';
import { isRunning, leftovers, type Outcome, useStore } from '../helpers/skiff.ts';
import { until } from '../helpers/until.ts';

const store = useStore();
const busybox = useBusybox(store);

/** Runs `count` jobs, `width` at a time. */
async function inBatches<T>(count: number, width: number, job: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let start = 0; start < count; start += width) {
    const size = Math.min(width, count - start);
    results.push(...(await Promise.all(Array.from({ length: size }, (_, index) => job(start + index)))));
  }
  return results;
}

describe('many commands at once', () => {
  it('run a hundred containers, eight at a time, and leave nothing', async () => {
    const outputs = await inBatches(100, 8, (index) =>
      store.ok(['run', '--rm', '-m', '32m', '--pids-limit', '50', busybox, 'echo', `number ${index}`]),
    );
    expect(outputs).toEqual(Array.from({ length: 100 }, (_, index) => `number ${index}`));
    expect(leftovers(store)).toEqual([]);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  }, 120_000);

  it('give one of eight a name that all want', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => store.skiff(['run', '-d', '--name', 'wanted', busybox, 'true'])),
    );
    expect(outcomes.filter(({ code }) => code === 0)).toHaveLength(1);
    expect(outcomes.filter(({ code }) => code === 125)).toHaveLength(7);
    await store.ok(['rm', '-f', 'wanted']);
  });

  it('make a new store together', async () => {
    const root = join(store.root, 'fresh');
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, () => store.skiff(['--root', root, 'run', '--rm', 'hello'])),
    );
    expect(outcomes.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      outcomes.map(() => ({ code: 0, stderr: '' })),
    );
  });
});

describe('two commands that change one container at once', () => {
  const ROUNDS = Array.from({ length: 3 }, (_, index) => index);

  /** Makes a container and runs both commands; it is called `it`. */
  async function both(one: string[], two: string[], ...flags: string[]): Promise<[Outcome, Outcome]> {
    await store.ok(['run', '-d', '--name', 'it', ...flags, busybox, 'sleep', '1000']);
    return await Promise.all([store.skiff(one), store.skiff(two)]);
  }

  const inspect = (name: string, template: string) => store.ok(['inspect', '-f', template, name]);

  /** By its id: its name is what it was given last. That nothing is left of it is looked at in the end. */
  async function removeAll(): Promise<void> {
    for (const id of (await store.ok(['ps', '-aq', '--no-trunc'])).split('\n').filter(Boolean))
      await store.ok(['rm', '-f', id]);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  }

  it.each(ROUNDS)('update: both limits hold, in the row and in the kernel (%i)', async () => {
    const outcomes = await both(
      ['update', '--pids-limit', '50', 'it'],
      ['update', '--cpu-shares', '512', 'it'],
    );
    expect(outcomes.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      outcomes.map(() => ({ code: 0, stderr: '' })),
    );
    expect(await inspect('it', '{{.HostConfig.PidsLimit}} {{.HostConfig.CpuShares}}')).toBe('50 512');
    await removeAll();
  });

  it.each(ROUNDS)('update: what the row says of restarts is what the monitor does (%i)', async () => {
    await both(['update', '--restart', 'always', 'it'], ['update', '--restart', 'no', 'it']);
    const policy = await inspect('it', '{{.HostConfig.RestartPolicy.Name}}');
    process.kill(recordedPid(await inspect('it', '{{.Id}}'), 'init'), 'SIGKILL');
    const state = policy === 'always' ? 'restarting|running' : 'exited';
    await until(async () => (await inspect('it', '{{.State.Status}} {{.RestartCount}}')) !== 'running 0');
    expect(await inspect('it', '{{.State.Status}}')).toMatch(new RegExp(`^(${state})$`));
    await removeAll();
  });

  it.each(ROUNDS)('rename: it has the name that the last one gave, and events know it (%i)', async () => {
    const since = String(Date.now() / 1000);
    const outcomes = await both(['rename', 'it', 'one'], ['rename', 'it', 'two']);
    const renamed = outcomes.filter(({ code }) => code === 0).length;
    const [name = ''] = (await inspect(await store.ok(['ps', '-q']), '{{.Name}}')).split('/').slice(1);
    expect(['one', 'two']).toContain(name);
    await store.ok(['stop', '-t', '0', name]);
    const range = ['--since', since, '--until', '0s', '--format', '{{.Action}} {{.Actor.Attributes.name}}'];
    const events = (await store.ok(['events', ...range])).split('\n');
    expect(events.filter((event) => event.startsWith('rename'))).toHaveLength(renamed);
    expect(events.filter((event) => event.startsWith('rename')).at(-1)).toBe(`rename ${name}`);
    expect(events).toContain(`die ${name}`);
    await removeAll();
  });

  it.each(ROUNDS)('rename and rm: it is gone by whatever name (%i)', async () => {
    const [renamed, removed] = await both(['rename', 'it', 'other'], ['rm', '-f', 'it']);
    if (removed.code !== 0)
      expect([renamed.code, removed.stderr]).toEqual([0, expect.stringContaining('no such')]);
    if (renamed.code !== 0) expect(renamed.stderr).toContain('no such container: it');
    await removeAll();
  });

  it.each(ROUNDS)('restart and rm -f: it is gone, or was started before (%i)', async () => {
    const [restarted, removed] = await both(['restart', '-t', '0', 'it'], ['rm', '-f', 'it']);
    if (restarted.code !== 0) expect(restarted.stderr).toContain('no such container: it');
    if (removed.code !== 0) expect(removed.stderr).toContain('is being started');
    else expect(await store.ok(['ps', '-aq'])).toBe('');
    await removeAll();
  });

  it.each(ROUNDS)('stop and start: it runs or not, and can be stopped (%i)', async () => {
    const [stopped, started] = await both(['stop', '-t', '0', 'it'], ['start', 'it']);
    expect([stopped.stderr, started.stderr, stopped.code, started.code]).toEqual(['', '', 0, 0]);
    expect(await inspect('it', '{{.State.Status}}')).toMatch(/^(running|exited)$/);
    await store.ok(['stop', '-t', '0', 'it']);
    await removeAll();
  });

  it.each(ROUNDS)('pause: one does it, the other is told (%i)', async () => {
    const outcomes = await both(['pause', 'it'], ['pause', 'it']);
    expect(outcomes.map(({ code }) => code).sort()).toEqual([0, 1]);
    expect(outcomes.map(({ stderr }) => stderr).join('')).toContain('is already paused');
    await removeAll();
  });

  it.each(ROUNDS)('exec, for the first time: all of them run (%i)', async () => {
    await store.ok(['run', '-d', '--name', 'it', busybox, 'sleep', '1000']);
    const words = ['1', '2', '3', '4'];
    expect(await Promise.all(words.map((word) => store.ok(['exec', 'it', 'echo', word])))).toEqual(words);
    await removeAll();
  });

  it('update and kill do not wait for a stop that does', async () => {
    await store.ok(['run', '-d', '--name', 'it', busybox, 'sleep', '1000']);
    const stopping = store.start(['stop', '-t', '600', 'it']);
    await until(async () =>
      (await store.ok(['events', '--since', '1h', '--until', '0s'])).includes('signal=15'),
    );
    await store.ok(['update', '--pids-limit', '50', 'it']);
    await store.ok(['kill', 'it']);
    expect((await stopping).exitCode).toBe(0);
    await removeAll();
  });
});

/** The pid of a process by the name of a key in the state record of a container. */
function recordedPid(id: string, key: 'monitor' | 'init'): number {
  const state = readFileSync(join(store.runRoot, id, 'state'), 'utf8');
  return Number(new RegExp(`^${key} (\\d+) `, 'm').exec(state)?.[1]);
}

describe('after kill -9', () => {
  it('of its monitor, a container is dead, and the next command says so and cleans up', async () => {
    const id = await store.ok(['run', '-d', '-m', '32m', busybox, 'sleep', '1000']);
    const init = recordedPid(id, 'init');
    await killed(recordedPid(id, 'monitor'));
    expect(await store.ok(['ps', '-a'])).toMatch(/Exited \(137\)/);
    expect(isRunning(init)).toBe(false);
    await store.ok(['rm', id]);
    expect(leftovers(store)).toEqual([]);
  });

  it('of its monitor after the exit record, before the teardown, the next command does the rest', async () => {
    const id = await store.ok(['run', '-d', '-m', '32m', busybox, 'sleep', '1000']);
    await killed(recordedPid(id, 'monitor'));
    const record = 'code 7\noom 0\nstarted 1\nfinished 2\n';
    writeFileSync(join(store.root, 'containers', id, 'exit'), record);
    expect(await store.ok(['ps', '-a'])).toMatch(/Exited \(7\)/);
    expect(existsSync(join(store.runRoot, id))).toBe(false);
    await store.ok(['rm', id]);
    expect(leftovers(store)).toEqual([]);
  });

  it('of the monitor of a --rm container, nothing is left of it', async () => {
    const id = await store.ok(['run', '-d', '--rm', busybox, 'sleep', '1000']);
    await killed(recordedPid(id, 'monitor'));
    expect(await store.ok(['ps', '-aq'])).toBe('');
    expect(leftovers(store)).toEqual([]);
  });

  it("of a container's first process, the container has ended with 137", async () => {
    const id = await store.ok(['run', '-d', busybox, 'sleep', '1000']);
    process.kill(recordedPid(id, 'init'), 'SIGKILL');
    expect(await store.ok(['wait', id])).toBe('137');
    await store.ok(['rm', id]);
  });

  it('of run at any moment, every container is in a state that is true, and can be removed', async () => {
    await inBatches(40, 4, async (index) => {
      const run = store.start(['run', '--name', `victim-${index}`, busybox, 'sleep', '0.05']);
      setTimeout(() => run.kill('SIGKILL'), index);
      await run;
    });
    for (const id of (await store.ok(['ps', '-aq', '--no-trunc'])).split('\n').filter(Boolean)) {
      await store.ok(['wait', id]);
      await store.ok(['rm', id]);
    }
    expect(await store.ok(['ps', '-aq'])).toBe('');
    expect(leftovers(store)).toEqual([]);
  }, 120_000);
});
