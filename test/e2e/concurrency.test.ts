import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { isRunning, leftovers, useStore } from '../helpers/skiff.ts';

const store = useStore();
let busybox: string;
useBusybox(store, (reference) => {
  busybox = reference;
});

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

/** The pid of a process by the name of a key in the state record of a container. */
function recordedPid(id: string, key: 'monitor' | 'init'): number {
  const state = readFileSync(join(store.runRoot, id, 'state'), 'utf8');
  return Number(new RegExp(`^${key} (\\d+) `, 'm').exec(state)?.[1]);
}

describe('after kill -9', () => {
  it('of its monitor, a container is dead, and the next command says so and cleans up', async () => {
    const id = await store.ok(['run', '-d', '-m', '32m', busybox, 'sleep', '1000']);
    const init = recordedPid(id, 'init');
    process.kill(recordedPid(id, 'monitor'), 'SIGKILL');
    expect(await store.ok(['ps', '-a'])).toMatch(/Exited \(137\)/);
    expect(isRunning(init)).toBe(false);
    await store.ok(['rm', id]);
    expect(leftovers(store)).toEqual([]);
  });

  it('of its monitor after the exit record, before the teardown, the next command does the rest', async () => {
    const id = await store.ok(['run', '-d', '-m', '32m', busybox, 'sleep', '1000']);
    process.kill(recordedPid(id, 'monitor'), 'SIGKILL');
    const record = 'code 7\noom 0\nstarted 1\nfinished 2\n';
    writeFileSync(join(store.root, 'containers', id, 'exit'), record);
    expect(await store.ok(['ps', '-a'])).toMatch(/Exited \(7\)/);
    expect(existsSync(join(store.runRoot, id))).toBe(false);
    await store.ok(['rm', id]);
    expect(leftovers(store)).toEqual([]);
  });

  it('of the monitor of a --rm container, nothing is left of it', async () => {
    const id = await store.ok(['run', '-d', '--rm', busybox, 'sleep', '1000']);
    process.kill(recordedPid(id, 'monitor'), 'SIGKILL');
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
