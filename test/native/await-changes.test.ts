import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DirectoryMissing, watchDirectory } from '../../src/host/directory-changes.ts';
import { HELPER } from '../helpers/plan.ts';

const scratch = mkdtempSync(join(tmpdir(), 'skiff-changes-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let number = 0;

function newDirectory(): string {
  number += 1;
  const directory = join(scratch, String(number));
  mkdirSync(directory);
  return directory;
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
