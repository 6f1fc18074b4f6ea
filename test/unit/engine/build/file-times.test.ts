import { describe, expect, it } from 'vitest';
import { fileTimes } from '../../../../src/engine/build/file-times.ts';

const BEGAN = 1_800_000_000_500;

describe('the times of files that a build makes', () => {
  it('are what they are without SOURCE_DATE_EPOCH', () => {
    expect(fileTimes({ latest: undefined })).toBeUndefined();
  });

  it('are the same for each SOURCE_DATE_EPOCH, and leave what was brought along', () => {
    const [one, other] = [1_700_000_000, 1_600_000_000].map((latest) => fileTimes({ latest }));
    expect(one?.given).toBe(other?.given);
    expect(one?.ofLayer(BEGAN)).toEqual({ latest: one?.given, since: 1_800_000_000 });
    // The clock of files is behind by up to a tick.
    expect(one?.ofLayer(BEGAN - 490).since).toBe(1_799_999_999);
  });

  it.each([
    ['of the years before 1980', { latest: 5 }, 5],
    ['that files are to have', { latest: 1_700_000_000, rewritesTimes: true }, 1_700_000_000],
  ])('are never later than one %s', (_, options, latest) => {
    expect(fileTimes(options)?.given).toBe(latest);
    expect(fileTimes(options)?.ofLayer(BEGAN)).toEqual({ latest });
  });

  it('cannot be rewritten to nothing', () => {
    expect(() => fileTimes({ latest: undefined, rewritesTimes: true })).toThrow('no SOURCE_DATE_EPOCH');
  });
});
