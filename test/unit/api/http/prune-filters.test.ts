import { describe, expect, it } from 'vitest';
import { pruneFilters } from '../../../../src/api/http/prune-filters.ts';
import { collectImagePruneFilter, collectPruneFilter } from '../../../../src/grammar/prune-filters.ts';

const of = (filters: Record<string, string[]>) =>
  pruneFilters(new Map(Object.entries(filters)), collectImagePruneFilter, ['dangling']);

describe('the filters of a prune', () => {
  it('are none without any', () => {
    expect(of({})).toEqual({});
    expect(of({ label: [] })).toEqual({});
  });

  it('are those of the command line', () => {
    expect(of({ until: ['1000'], dangling: ['false'], label: ['a', 'b=c=d'], 'label!': ['e'] })).toEqual({
      until: 1_000_000,
      dangling: false,
      labels: [
        { key: 'a', negated: false },
        { key: 'b', value: 'c=d', negated: false },
        { key: 'e', negated: true },
      ],
    });
  });

  it.each([
    { nothing: ['x'] },
    { nothing: [] },
    { label: [''] },
    { 'label=a': ['b'] },
    { 'until=1': ['2'] },
    { Label: ['a'] },
    { dangling: ['maybe'] },
    { until: ['yesterday'] },
  ])('are not %j: nothing is removed for what is not understood', (filters) => {
    expect(() => of(filters)).toThrow(expect.objectContaining({ kind: 'invalid' }));
  });

  it('are those of the noun: networks and containers have no dangling', () => {
    expect(() => pruneFilters(new Map([['dangling', ['true']]]), collectPruneFilter)).toThrow(
      'invalid filter',
    );
  });
});
