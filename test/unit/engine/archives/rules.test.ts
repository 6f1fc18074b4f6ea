import { describe, expect, it } from 'vitest';
import {
  assertsDirectory,
  type CopyTarget,
  cleanPath,
  ownName,
  placeOf,
} from '../../../../src/engine/archives/rules.ts';

const file = (path: string) => ({ path, isDirectory: false });
const directory = (path: string) => ({ path, isDirectory: true });
const target = (path: string, is: CopyTarget['is']) => ({ path, is });

describe('where a copy goes', () => {
  it.each([
    [file('/s/f'), target('/t', 'directory'), '/t', 'f'],
    [file('/s/f'), target('/t/', 'directory'), '/t/', 'f'],
    [file('/s/f'), target('/t/old', 'other'), '/t', 'old'],
    [file('/s/f'), target('/t/new', 'missing'), '/t', 'new'],
    [file('/s/f'), target('/new', 'missing'), '/', 'new'],
    [directory('/s/d'), target('/t', 'directory'), '/t', 'd'],
    [directory('/s/d/'), target('/t', 'directory'), '/t', 'd'],
    [directory('/s/d/.'), target('/t', 'directory'), '/t', '.'],
    [directory('/'), target('/t', 'directory'), '/t', '.'],
    [directory('/s/d'), target('/t/new', 'missing'), '/t', 'new'],
    [directory('/s/d/.'), target('/t/new', 'missing'), '/t', 'new'],
    [directory('/s/d'), target('/t/new/', 'missing'), '/t', 'new'],
  ])('%j to %j is in %s as %s', (source, to, where, name) => {
    expect(placeOf(source, to)).toEqual({ directory: where, name });
  });

  it.each([
    [directory('/s/d'), target('/t/file', 'other'), 'cannot copy directory'],
    [directory('/s/d/.'), target('/t/file', 'other'), 'cannot copy directory'],
    [file('/s/f'), target('/t/none/', 'missing'), 'no such directory'],
    [file('/s/f'), target('/t/none/.', 'missing'), 'no such directory'],
  ])('%j to %j is refused: %s', (source, to, words) => {
    expect(() => placeOf(source, to)).toThrow(words);
  });
});

describe('a path', () => {
  it.each([
    ['a/../b', '/cwd/b'],
    ['/../../x', '/x'],
    ['d/', '/cwd/d/'],
    ['d/.', '/cwd/d/.'],
    ['.', '/cwd/.'],
    ['./', '/cwd/'],
    ['..', '/'],
    ['/', '/'],
    ['/.', '/.'],
    ['a//b', '/cwd/a/b'],
    ['...', '/cwd/...'],
  ])('%s becomes %s', (path, clean) => {
    expect(cleanPath(path, '/cwd')).toBe(clean);
  });

  it.each([
    ['/a/b', 'b', false],
    ['/a/b/', 'b', true],
    ['/a/b/.', '.', true],
    ['/a/b.', 'b.', false],
    ['/', '.', true],
  ])('%s is called %s where it is copied to', (path, name, asserts) => {
    expect([ownName(path), assertsDirectory(path)]).toEqual([name, asserts]);
  });
});
