import { describe, expect, it } from 'vitest';
import { remarksOn } from '../../../../src/cli/output/remarks.ts';
import type { Evidence } from '../../../../src/engine/reports/cause.ts';

/** Of a container that ran for ten seconds. */
const evidence = (more: Partial<Evidence>) =>
  ({
    startedAt: 0,
    finishedAt: 10_000,
    oomKills: 0,
    pidsRefused: 0,
    limits: {},
    ...more,
  }) as Evidence;

describe('a remark on a limit of CPU', () => {
  it.each([
    ['a moment', 900_000, []],
    ['more than a tenth of its time', 1_100_000, ['give it more CPU with --cpus']],
  ])('has a hint where a container waited for %s', (_, microseconds, hints) => {
    const throttled = { periods: 7, microseconds };
    expect(remarksOn({ kind: 'exited', exitCode: 0 } as never, evidence({ throttled }))).toEqual({
      sentences: [
        `Its CPU limit held it back in 7 periods, its threads waited for ${(microseconds / 1e6).toFixed(1)} seconds altogether.`,
      ],
      hints,
    });
  });

  it('is not made where there was none', () => {
    expect(remarksOn({ kind: 'exited', exitCode: 0 } as never, evidence({}))).toEqual({
      sentences: [],
      hints: [],
    });
  });
});
