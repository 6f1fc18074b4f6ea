import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DirectoryMissing, watchDirectory } from '../../src/host/directory-changes.ts';
import { HELPER } from '../helpers/plan.ts';
import { until } from '../helpers/until.ts';

const scratch = mkdtempSync(join(tmpdir(), 'skiff-changes-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let number = 0;

function newDirectory(): string {
  number += 1;
  const directory = join(scratch, String(number));
  mkdirSync(directory);
  return directory;
}

/** The children of this process that watch a directory. */
function watchersOf(directory: string): string[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1')
    .split(' ')
    .filter(Boolean);
  return children.filter((pid) => commandLine(pid).includes(directory));
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
  } catch {
    return []; // it has ended meanwhile
  }
}

describe('the changes of a directory', () => {
  it('are told one after the other, however fast they come, and none is lost between two looks', async () => {
    const directory = newDirectory();
    const file = join(directory, 'log');
    using changes = await watchDirectory(HELPER, directory, 'log');
    await changes.next();
    for (let count = 0; count < 200; count += 1) {
      appendFileSync(file, 'x');
      await changes.next();
    }
  });

  it('of other names are not told', async () => {
    const directory = newDirectory();
    using changes = await watchDirectory(HELPER, directory, 'wanted');
    await changes.next();
    const told: string[] = [];
    const next = changes.next().then(() => told.push('wanted'));
    using witness = await watchDirectory(HELPER, directory, 'other');
    await witness.next();
    writeFileSync(join(directory, 'other'), '');
    await witness.next();
    expect(told).toEqual([]);
    writeFileSync(join(directory, 'wanted'), '');
    await next;
  });

  it('are told to all who watch them by one child, which goes with the last of them', async () => {
    const directory = newDirectory();
    const all = await Promise.all([1, 2, 3].map(() => watchDirectory(HELPER, directory)));
    for (const one of all) await one.next();
    expect(watchersOf(directory)).toHaveLength(1);
    all.shift()?.[Symbol.dispose]();
    writeFileSync(join(directory, 'file'), '');
    await Promise.all(all.map((one) => one.next()));
    for (const one of all) one[Symbol.dispose]();
    await until(() => watchersOf(directory).length === 0);
    using anew = await watchDirectory(HELPER, directory);
    await anew.next();
  });

  it('are the same change to all who were told of it, and another one each time', async () => {
    const directory = newDirectory();
    using one = await watchDirectory(HELPER, directory);
    using other = await watchDirectory(HELPER, directory);
    await Promise.all([one.next(), other.next()]);
    const seen: unknown[] = [];
    for (const name of ['a', 'b']) {
      // Both wait before it happens: each is told of all that there is of it.
      const told = Promise.all([one.next(), other.next()]);
      mkdirSync(join(directory, name));
      const [first, second] = await told;
      expect(second).toBe(first);
      seen.push(first);
    }
    expect(seen[1]).not.toBe(seen[0]);
  });

  it('are awaited no longer by one that is woken', async () => {
    const directory = newDirectory();
    using changes = await watchDirectory(HELPER, directory);
    using other = await watchDirectory(HELPER, directory);
    await Promise.all([changes.next(), other.next()]);
    const told = changes.next();
    changes.wake();
    await told;
    const next = other.next();
    writeFileSync(join(directory, 'file'), '');
    await next;
  });

  it('cannot be watched where there is no directory', async () => {
    await expect(watchDirectory(HELPER, join(scratch, 'none'))).rejects.toThrow(DirectoryMissing);
  });

  it.each([
    ['standard input ends', (child: ChildProcess) => child.stdin?.end()],
    ['nobody reads any more', (child: ChildProcess) => child.stdout?.destroy()],
  ])('are watched no longer when %s', async (_, end) => {
    const child = spawn(HELPER, ['await-changes', newDirectory()], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const ended = once(child, 'exit');
    end(child);
    expect(await ended).toEqual([0, null]);
  });
});
