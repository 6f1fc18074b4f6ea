import { describe, expect, it } from 'vitest';
import { compileParts, type Part } from '../../../../src/build/context/matcher.ts';

const KINDS: readonly [Part, string][] = [
  [{ one: 'a' }, 'a'],
  [{ one: '[^/]' }, '[^/]'],
  [{ one: '/' }, '/'],
  [{ many: 'name' }, '[^/]*'],
  [{ many: 'all' }, '.*'],
  [{ many: 'directories' }, '(.*/)?'],
];

/** All lists of a length of the members of a list. */
function* lists<T>(of: readonly T[], length: number): Generator<T[]> {
  if (length === 0) yield [];
  else for (const rest of lists(of, length - 1)) for (const one of of) yield [one, ...rest];
}

const TEXTS = [0, 1, 2, 3, 4].flatMap((length) => [...lists(['a', '/', 'b'], length)].map((l) => l.join('')));

describe('a matcher', () => {
  it('means what the regular expression does, also when it does not use one', () => {
    const wrong: string[] = [];
    for (const kinds of lists(KINDS, 4)) {
      const source = `^${kinds.map(([, regexp]) => regexp).join('')}$`;
      const matcher = compileParts(kinds.map(([part]) => part));
      const regexp = new RegExp(source, 'su');
      for (const text of TEXTS) if (matcher.test(text) !== regexp.test(text)) wrong.push(`${source} ${text}`);
    }
    expect(wrong).toEqual([]);
  });

  // A regular expression has not come to an end after hours.
  it.each(['name', 'all', 'directories'] as const)('comes to an end, whatever the pattern: %s', (many) => {
    const parts = Array.from({ length: 24 }, (): Part[] => [{ many }, { one: 'a' }]);
    const text = (many === 'directories' ? 'a/' : 'a').repeat(100);
    expect(compileParts([...parts.flat(), { one: 'b' }]).test(text)).toBe(false);
    expect(compileParts([...parts.flat(), { many: 'all' }]).test(text)).toBe(true);
  });
});
