import { describe, expect, it } from 'vitest';
import { compileWildcard, hasWildcards, withoutEscapes } from '../../../../src/build/context/match.ts';

describe('compileWildcard', () => {
  // The cases of Go's documentation and of its own tests (path/filepath, Match).
  it.each<[string, string, boolean]>([
    ['abc', 'abc', true],
    ['*', 'abc', true],
    ['*c', 'abc', true],
    ['a*', 'a', true],
    ['a*', 'ab/c', false],
    ['a*/b', 'abc/b', true],
    ['a*/b', 'a/c/b', false],
    ['a*b*c*d*e*/f', 'axbxcxdxexxx/f', true],
    ['a*b?c*x', 'abxbbxdbxebxczzx', true],
    ['a*b?c*x', 'abxbbxdbxebxczzy', false],
    ['ab[c]', 'abc', true],
    ['ab[b-d]', 'abc', true],
    ['ab[e-g]', 'abc', false],
    ['ab[^c]', 'abc', false],
    ['ab[^b-d]', 'abc', false],
    ['ab[^e-g]', 'abc', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'ab', false],
    ['a?b', 'a☺b', true],
    ['a[^a]b', 'a☺b', true],
    ['a???b', 'a☺b', false],
    ['[a-ζ]*', 'α', true],
    ['*[a-ζ]', 'A', false],
    ['a?b', 'a/b', false],
    ['a*b', 'a/b', false],
    ['[\\]a]', ']', true],
    ['[\\-]', '-', true],
    ['[x\\-]', 'z', false],
    ['[\\-x]', 'x', true],
    ['[z-a]', 'm', false],
    ['**', 'a', true],
    ['**', 'a/b', false],
    ['arr[[]0].txt', 'arr[0].txt', true],
    ['a]', 'a]', true],
    ['*x', 'xxx', true],
    ['a.b', 'axb', false],
  ])('%s and %s: %s', (pattern, path, matches) => {
    expect(compileWildcard(pattern).test(path)).toBe(matches);
  });

  it.each(['[]a]', '[-]', '[x-]', '[-x]', '\\', '[a-b-c]', '[', '[^', '[^bc', 'a['])(
    'refuses %s',
    (pattern) => {
      expect(() => compileWildcard(pattern)).toThrow(`malformed pattern "${pattern}"`);
    },
  );
});

it('tells wildcards from what a backslash stands before', () => {
  expect(['a', 'a*', '?', 'a[', 'a\\*', '\\\\*', ']'].map(hasWildcards)).toEqual([
    ...[false, true, true, true],
    ...[false, true, false],
  ]);
  expect(withoutEscapes('a\\*b\\\\')).toBe('a*b\\');
});
