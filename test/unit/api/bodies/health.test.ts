import { describe, expect, it } from 'vitest';
import { healthOptions } from '../../../../src/api/bodies/health.ts';
import { JsonObject } from '../../../../src/api/http/json.ts';

const of = (value: unknown) => healthOptions(new JsonObject({ Healthcheck: value }).object('Healthcheck'));

describe('a HealthConfig', () => {
  it.each([null, {}, { Test: [] }, { Test: null, Interval: 0, Retries: 0, Timeout: null }])(
    'that is %j leaves the check to the image',
    (value) => {
      expect(of(value)).toBeUndefined();
    },
  );

  it('has its times in nanoseconds', () => {
    expect(
      of({
        Test: ['CMD-SHELL', 'true'],
        Interval: 1_000_000,
        Timeout: 30_000_000_000,
        StartPeriod: 1_499_999,
        StartInterval: 1_500_000,
        Retries: 3,
      }),
    ).toEqual({
      test: ['CMD-SHELL', 'true'],
      intervalMs: 1,
      timeoutMs: 30_000,
      startPeriodMs: 1,
      startIntervalMs: 2,
      retries: 3,
    });
  });

  it('may say one thing only', () => {
    expect(of({ Test: ['NONE'] })).toEqual({ test: ['NONE'] });
    expect(of({ Retries: 5 })).toEqual({ retries: 5 });
  });

  it.each<[unknown, string]>([
    [{ Interval: 999_999 }, 'Healthcheck.Interval: it is at least a millisecond'],
    [{ StartPeriod: -1 }, 'Healthcheck.StartPeriod: it is at least a millisecond'],
    [{ Interval: '5s' }, 'Healthcheck.Interval is not a whole number'],
    [{ Test: 'true' }, 'Healthcheck.Test is not a list of texts'],
    [[], 'Healthcheck is not an object'],
  ])('is not %j', (value, message) => {
    expect(() => of(value)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message) }),
    );
  });
});
