import { describe, expect, it } from 'vitest';
import { cacheFilters } from '../../../../src/api/build/prune.ts';

const of = (filters: Record<string, string[]>) => cacheFilters(new Map(Object.entries(filters)));

describe('the filters of a prune of the cache', () => {
  it('choose by what is told of its entries', () => {
    expect(of({ until: ['1000'], id: ['ab'], type: ['regular'], description: ['RUN x=y'] })).toEqual({
      until: 1_000_000,
      id: 'ab',
      type: 'regular',
      description: 'RUN x=y',
    });
    expect(of({ inuse: ['false'], shared: [] })).toEqual({ inUse: false, shared: true });
    expect(of({ private: [] })).toEqual({ shared: false });
    expect(of({})).toEqual({});
  });

  it.each([
    { id: ['a', 'b'] },
    { shared: [], private: [] },
    { inuse: ['maybe'] },
    { label: ['a'] },
    { parent: [] },
    { id: [''] },
    { 'id=a': ['b'] },
  ])('are not %j: nothing is removed for what is not understood', (filters) => {
    expect(() => of(filters)).toThrow(expect.objectContaining({ kind: 'invalid' }));
  });
});
