import { EngineError } from '../errors.ts';

/** Milliseconds in one of each. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/**
 * A length of time as Go's time.ParseDuration reads it (`1m30s`, `100ms`, `1.5h`, `0`), in whole milliseconds. Throws
 * `invalid`, also for a negative one and for one that is less than a millisecond but not 0; `what` names it.
 */
export function duration(what: string): (text: string) => number {
  return (text) => {
    const ms = milliseconds(text);
    if (ms === undefined) throw invalid(what, text, 'write a number with a unit, as in 30s, 1m30s or 500ms');
    if (ms < 0) throw invalid(what, text, 'it cannot be negative');
    if (ms > 0 && ms < 1) throw invalid(what, text, 'it is at least a millisecond, or 0');
    return Math.floor(ms);
  };
}

function milliseconds(text: string): number | undefined {
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  const rest = text.slice(sign.length);
  if (rest === '0') return 0;
  let sum = 0;
  PART.lastIndex = 0;
  let end = 0;
  while (end < rest.length) {
    const [, number, unit] = PART.exec(rest) ?? [];
    if (number === undefined || unit === undefined) return undefined;
    sum += Number(number) * (UNITS[unit] ?? 0);
    end = PART.lastIndex;
  }
  if (rest === '') return undefined;
  return sign === '-' ? -sum : sum;
}

function invalid(what: string, text: string, hint: string): EngineError {
  return new EngineError('invalid', `invalid ${what}: "${text}"`, { subject: text, hint });
}
