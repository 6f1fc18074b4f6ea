import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isMissing, namesIn, readIfPresent, unlessMissing } from '../../../src/host/missing.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-missing-'));
  writeFileSync(join(root, 'file'), 'text');
});
afterEach(() => rmSync(root, { recursive: true }));

it('a file is read when it is there, and a directory listed', () => {
  expect(readIfPresent(join(root, 'file'))).toBe('text');
  expect(namesIn(root)).toEqual(['file']);
});

it('nothing is what a missing file says, and a missing directory has no names', () => {
  expect(readIfPresent(join(root, 'none'))).toBeUndefined();
  expect(readIfPresent(join(root, 'none', 'file'))).toBeUndefined();
  expect(namesIn(join(root, 'none'))).toEqual([]);
});

it('what is there and cannot be read is not missing', () => {
  mkdirSync(join(root, 'directory'));
  expect(() => readIfPresent(join(root, 'directory'))).toThrow(/EISDIR/);
  expect(() => namesIn(join(root, 'file'))).toThrow(/ENOTDIR/);
});

it('only the error of the system that says so means that something is missing', () => {
  expect(unlessMissing(() => readFileSync(join(root, 'none')))).toBeUndefined();
  expect(() =>
    unlessMissing(() => {
      throw new Error('ENOENT');
    }),
  ).toThrow('ENOENT');
  expect([isMissing(undefined), isMissing(new Error('ENOENT')), isMissing({ code: 'ENOENT' })]).toEqual([
    false,
    false,
    true,
  ]);
});
