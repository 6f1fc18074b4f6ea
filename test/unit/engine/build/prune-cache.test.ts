import { describe, expect, it } from 'vitest';
import { bytesKept } from '../../../../src/engine/build/prune-cache.ts';

describe('how much of the cache stays', () => {
  const disk = { total: 100, free: 50 };

  it.each([
    [{}, undefined],
    [{ reserved: 0, most: 0, free: 0 }, undefined],
    [{ reserved: 30 }, 30],
    [{ most: 40 }, 40],
    [{ reserved: 30, most: 40 }, 40],
    [{ reserved: 40, most: 30 }, 40],
    [{ free: 50 }, 100],
    [{ free: 60 }, 90],
    [{ free: 1000 }, 0],
    [{ free: 60, most: 95 }, 90],
    [{ free: 60, most: 40 }, 40],
    [{ free: 20, most: 40 }, 40],
    [{ free: 1000, reserved: 30 }, 30],
    [{ free: 20, reserved: 30 }, 100],
  ])('of 100 bytes, with 50 free, with %j is %j', (limits, kept) => {
    expect(bytesKept(limits, disk)).toBe(kept);
  });
});
