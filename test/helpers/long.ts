import { describe, it } from 'vitest';

/** With `SKIFF_TEST_LONG=1` what tries its luck does so more often, and what is about many has more of them. */
export const LONG = process.env['SKIFF_TEST_LONG'] === '1';

const IS_SANITIZED = process.env['SKIFF_HELPER']?.endsWith('-asan') ?? false;

/**
 * Returns how often a test tries its luck: `times`, and a fifth of it with the sanitizers. Whether a race is lost is
 * for the helper that people run to show; the other one, which takes thirty times as long to start, shows what becomes
 * of memory meanwhile, and that does not take as many.
 */
export function tries(times: number): number {
  return IS_SANITIZED && !LONG ? Math.ceil(times / 5) : times;
}

/** A suite of what takes minutes. One that does not run makes nothing: nobody would take it back. */
export function describeLong(title: string, body: () => void): void {
  if (LONG) describe(title, body);
  else describe.skip(title, () => it('takes minutes', () => {}));
}
