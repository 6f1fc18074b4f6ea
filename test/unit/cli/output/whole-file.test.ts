import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeFileWhole, writePieces } from '../../../../src/cli/output/whole-file.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'skiff-whole-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

it('shows a file once all of it is written', async () => {
  const file = join(directory, 'it');
  writeFileSync(file, 'before');
  await writeFileWhole(file, async (descriptor) => {
    writeSync(descriptor, 'after');
    expect(readFileSync(file, 'utf8')).toBe('before');
  });
  expect(readFileSync(file, 'utf8')).toBe('after');
  expect(readdirSync(directory)).toEqual(['it']);
});

it('leaves what was there, and nothing beside it, when it cannot be written', async () => {
  const file = join(directory, 'it');
  const failing = writeFileWhole(file, async () => {
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(readdirSync(directory)).toEqual([]);
});

it('refuses what cannot be a file', async () => {
  mkdirSync(join(directory, 'd'));
  const write = async () => {};
  await expect(writeFileWhole(join(directory, 'd'), write)).rejects.toMatchObject({ kind: 'invalid' });
  await expect(writeFileWhole('/dev/null', write)).rejects.toMatchObject({ kind: 'invalid' });
  const none = join(directory, 'none');
  await expect(writeFileWhole(join(none, 'it'), write)).rejects.toMatchObject({
    kind: 'unavailable',
    message: `cannot write ${none}/it: no such file or directory: ${none}`,
  });
});

it('says that there is no space', async () => {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('x');
  }
  const full = openSync('/dev/full', 'w');
  await expect(writePieces({ file: '/some/file', descriptor: full }, pieces())).rejects.toMatchObject({
    kind: 'unavailable',
    message: 'cannot write /some/file: no space left on device',
  });
  closeSync(full);
});
