import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeFileAtomically } from '../../../src/host/atomic-file.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-atomic-'));
});
afterEach(() => rmSync(root, { recursive: true }));

it('replaces a file as a whole and leaves nothing beside it', () => {
  const file = join(root, 'record');
  writeFileAtomically(file, 'first', 0o600);
  const before = statSync(file).ino;
  writeFileAtomically(file, Buffer.from('second'), 0o640);
  expect(readFileSync(file, 'utf8')).toBe('second');
  expect(statSync(file).ino).not.toBe(before);
  expect(statSync(file).mode & 0o777).toBe(0o640);
  expect(readdirSync(root)).toEqual(['record']);
});

it('leaves the directory as it was when it fails', () => {
  expect(() => writeFileAtomically(root, 'a directory is in the way')).toThrow();
  expect(readdirSync(root)).toEqual([]);
  expect(() => writeFileAtomically(join(root, 'none/file'), 'x')).toThrow('ENOENT');
});
