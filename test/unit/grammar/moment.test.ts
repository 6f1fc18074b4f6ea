import { describe, expect, it } from 'vitest';
import { moment } from '../../../src/grammar/moment.ts';

const now = Date.UTC(2026, 0, 2, 3, 4, 5);
const since = moment('--since', () => now);
const NS = 1_000_000n;

describe('a moment', () => {
  it.each([
    ['2026-01-02T03:04:05Z', BigInt(now) * NS],
    ['2026-01-02T04:04:05.000000007+01:00', BigInt(now) * NS + 7n],
    ['10m', BigInt(now - 600_000) * NS],
    ['-10s', BigInt(now + 10_000) * NS],
    ['1136073600.5', 1_136_073_600_500_000_000n],
    ['0', 0n],
    ['2026-01-02', BigInt(new Date(2026, 0, 2).getTime()) * NS],
    ['2026-01-02T15:04', BigInt(new Date(2026, 0, 2, 15, 4).getTime()) * NS],
  ])('reads %s', (text, ns) => {
    expect(since(text)).toBe(ns);
  });

  it.each(['', 'yesterday', '2026-13-01', '10'.concat('x')])('refuses "%s"', (text) => {
    expect(() => since(text)).toThrow(`invalid --since: "${text}"`);
  });
});
