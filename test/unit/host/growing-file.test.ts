import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { GrowingFile } from '../../../src/host/growing-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'skiff-growing-'));
afterAll(() => rmSync(directory, { recursive: true }));

async function opened(name: string, text: string): Promise<GrowingFile> {
  const path = join(directory, name);
  writeFileSync(path, text);
  const file = await GrowingFile.open(path);
  if (file === undefined) throw new Error(`${path} is missing`);
  return file;
}

async function rest(file: GrowingFile): Promise<string[]> {
  const lines: string[] = [];
  for await (const some of file.lines()) lines.push(...some);
  return lines;
}

describe('a growing file', () => {
  it('gives whole lines only, and goes on where it stopped, whatever its name is by then', async () => {
    const path = join(directory, 'grows');
    const file = await opened('grows', 'one\ntw');
    expect(await rest(file)).toEqual(['one']);
    renameSync(path, `${path}.1`);
    appendFileSync(`${path}.1`, 'o\nthree\n');
    expect(await rest(file)).toEqual(['two', 'three']);
    await file.close();
  });

  it('is read from its beginning once it was made shorter', async () => {
    const file = await opened('shrinks', 'one\ntwo\npart');
    expect(await rest(file)).toEqual(['one', 'two']);
    truncateSync(join(directory, 'shrinks'));
    expect(await rest(file)).toEqual([]);
    appendFileSync(join(directory, 'shrinks'), 'three\n');
    expect(await rest(file)).toEqual(['three']);
    expect(await rest(file)).toEqual([]);
    await file.close();
  });

  it.each([
    [0, []],
    [1, ['three']],
    [2, ['', 'three']],
    [4, ['one', 'two', '', 'three']],
    [9, ['one', 'two', '', 'three']],
  ])('keeps the last %i lines', async (count, lines) => {
    const file = await opened('tail', 'one\ntwo\n\nthree\npart');
    expect(await file.keepLast(count)).toBe(lines.length);
    expect(await rest(file)).toEqual(lines);
    appendFileSync(join(directory, 'tail'), 'ly\n');
    expect(await rest(file)).toEqual(['partly']);
    await file.close();
  });

  it('finds the last lines of a file that is larger than what it reads at once', async () => {
    const lines = Array.from({ length: 100_000 }, (_, index) => `line ${index}`);
    const file = await opened('large', `${lines.join('\n')}\n`);
    for (const count of [1, 50_000, 99_999, 100_000]) {
      expect(await file.keepLast(count)).toBe(count);
      const kept = await GrowingFile.open(join(directory, 'large'));
      await kept?.keepLast(count);
      expect(kept && (await rest(kept))).toEqual(lines.slice(-count));
      await kept?.close();
    }
    await file.close();
  });

  it('keeps lines that are longer than what it reads at once', async () => {
    const long = 'x'.repeat(600_000);
    const file = await opened('long', `first\n${long}\nlast\n`);
    expect(await file.keepLast(2)).toBe(2);
    expect(await rest(file)).toEqual([long, 'last']);
    await file.close();
  });

  it('is undefined when it is missing', async () => {
    expect(await GrowingFile.open(join(directory, 'missing'))).toBeUndefined();
  });
});
