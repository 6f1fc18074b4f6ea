import { describe, expect, it } from 'vitest';
import { booleanFilter, knownFilters, matcher } from '../../../../src/engine/options/filters.ts';

describe('the filters that are known', () => {
  it('are those that have values', () => {
    const given = new Map([
      ['name', ['a']],
      ['label', []],
    ]);
    expect([...knownFilters(given, ['name', 'label'])]).toEqual([['name', ['a']]]);
  });

  it('have names that there are, also without a value', () => {
    expect(() => knownFilters(new Map([['nam', []]]), ['name'])).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        message: "invalid filter 'nam'",
        hint: 'did you mean name',
      }),
    );
  });
});

describe('a filter that is true or false', () => {
  const truth = (...values: string[]) => booleanFilter(new Map([['dangling', values]]), 'dangling');

  it('is what its values say', () => {
    expect([truth('1'), truth('true', 'TRUE'), truth('0'), truth('false'), truth()]).toEqual([
      true,
      true,
      false,
      false,
      undefined,
    ]);
  });

  it.each([['maybe'], ['true', 'false'], ['0', '1'], ['']])('is not %j', (...values) => {
    expect(() => truth(...values)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: `invalid filter 'dangling=${values.join()}'` }),
    );
  });
});

describe('a pattern of names', () => {
  it("is a regular expression, Go's flags before it included, or a text where it is none", () => {
    expect(matcher(['^a.c$'])('abc')).toBe(true);
    expect(matcher(['(?i)ABC'])('xabc')).toBe(true);
    expect(matcher(['ABC'])('abc')).toBe(false);
    expect(matcher(['a', '('])('(')).toBe(true);
    expect(matcher(['('])('((')).toBe(false);
  });
});
