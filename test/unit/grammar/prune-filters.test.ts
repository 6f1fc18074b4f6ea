import { describe, expect, it } from 'vitest';
import { collectPruneFilter } from '../../../src/grammar/prune-filters.ts';

describe('the filters of prune', () => {
  it('are a time and labels, which add up', () => {
    const filters = ['until=2026-01-02T03:04:05Z', 'label=a', 'label=b=c=d', 'label!=e', 'label!=f=g'];
    expect(filters.reduce((all, text) => collectPruneFilter(text, all), {})).toEqual({
      until: Date.UTC(2026, 0, 2, 3, 4, 5),
      labels: [
        { key: 'a', negated: false },
        { key: 'b', value: 'c=d', negated: false },
        { key: 'e', negated: true },
        { key: 'f', value: 'g', negated: true },
      ],
    });
  });

  it('may be how long ago', () => {
    const before = Date.now() - 3_600_000;
    const { until = 0 } = collectPruneFilter('until=1h');
    expect(until).toBeGreaterThanOrEqual(before);
    expect(until).toBeLessThanOrEqual(Date.now() - 3_600_000);
  });

  it('are refused with two times: none of them could count without the other one’s being lost', () => {
    expect(() => ['until=2h', 'until=1h'].reduce((all, text) => collectPruneFilter(text, all), {})).toThrow(
      'more than one filter until',
    );
  });

  it.each(['', 'label', 'label=', 'until=', 'until=soon', 'until!=1h', 'name=x', '=x'])(
    'are refused when they are something else: "%s"',
    (text) => {
      expect(() => collectPruneFilter(text)).toThrow(expect.objectContaining({ kind: 'invalid' }));
    },
  );
});
