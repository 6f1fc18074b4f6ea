import { describe, expect, it } from 'vitest';
import { parseIgnore } from '../../../../src/build/context/ignore.ts';

/** The paths that an ignore file leaves out, of these. */
function ignored(file: string, paths: readonly string[]): string[] {
  const { patterns } = parseIgnore(file, '.dockerignore');
  return paths.filter((path) => patterns.judgeWhole(path).matched);
}

/** What the file says, what it leaves out, and what stays. */
type Case = [file: string, out: string[], stays: string[]];

const CASES: Case[] = [
  ['', [], ['a']],
  ['a', ['a', 'a/b', 'a/b/c'], ['b/a', 'ab', 'A']],
  ['/a', ['a', 'a/b'], ['b/a']],
  ['./a/', ['a', 'a/b'], ['b/a']],
  ['a/../b', ['b'], ['a']],
  ['  a b\t\r\n', ['a b'], ['a']],
  ['# a\n#b\n c # d', ['c # d'], ['a', '#b', 'c']],
  [' #a', ['#a'], ['a']],
  ['\uFEFFa', ['a'], []],
  ['*', ['a', 'a/b'], []],
  ['*/b', ['a/b', 'a/b/c'], ['a', 'b', 'a/c/b']],
  ['*.md', ['x.md'], ['x/y.md', 'md', 'xmd']],
  ['**/*.md', ['x.md', 'x/y.md', 'x/y/z.md'], ['md', 'x/md']],
  ['**/a', ['a', 'b/a', 'c/b/a', 'b/a/x'], ['ba']],
  ['**a', ['a', 'ba', 'b/a', 'b/xa'], ['ab']],
  ['a/**', ['a/b', 'a/b/c'], ['a', 'ab']],
  ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b'], ['a/xb', 'b']],
  ['a**b', ['ab', 'ax/b'], ['axb']],
  ['**', ['a', 'a/b'], []],
  ['a?c', ['abc', 'aéc'], ['a/c', 'ac']],
  ['a[b-d]c', ['abc', 'adc'], ['aec', 'abdc']],
  ['a[^b]c', ['axc'], ['abc']],
  ['\\*', ['*'], ['a']],
  ['a.c', ['a.c'], ['abc']],
  ['a+(b)|{c}$', ['a+(b)|{c}$'], ['aab']],
  ['a\n!a', [], ['a', 'a/b']],
  ['!a\na', ['a'], []],
  ['a\n!a/b', ['a', 'a/c'], ['a/b', 'a/b/c']],
  ['a\n! a/b', ['a/c'], ['a/b']],
  ['a\n!/a/b', ['a/c'], ['a/b']],
  ['*\n!src\nsrc/*.o', ['x', 'src/a.o'], ['src', 'src/a.c', 'src/x/a.o']],
  ['**/node_modules\n!a/node_modules/keep', ['a/node_modules/x', 'node_modules'], ['a/node_modules/keep/y']],
  ['*.md\n!README*.md\nREADME-secret.md', ['a.md', 'README-secret.md'], ['README-x.md']],
  ['/', [], ['a']],
  ['.', [], ['a']],
  ['..', [], ['a']],
];

describe('parseIgnore', () => {
  it.each(CASES)('reads %j', (file, out, stays) => {
    expect(ignored(file, [...out, ...stays])).toEqual(out);
  });

  it.each(['[', 'a[', 'a[]b', 'a[b-', 'a[-b]', 'a\\', '!'])('refuses %j, and says where', (pattern) => {
    expect(() => parseIgnore(`x\n${pattern}`, 'x.dockerignore')).toThrow(/^x\.dockerignore: /);
  });

  it('tells whether something below what is left out may stay', () => {
    expect(parseIgnore('a\n!b', '').patterns.hasExceptions).toBe(true);
    expect(parseIgnore('a\n#!b', '').patterns.hasExceptions).toBe(false);
    expect(parseIgnore('# nothing\n\n', '').patterns.isEmpty).toBe(true);
  });
});
