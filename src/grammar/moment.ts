import { EngineError } from '../errors.ts';
import { duration } from './duration.ts';

const NS_PER_MS = 1_000_000n;
const NS_PER_S = 1_000_000_000n;

const DATE =
  /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?(Z|z|[+-]\d\d:\d\d)?$/;

/**
 * A moment as Docker reads it for `--since` and `--until`: RFC 3339 as far as it is given (`2026-01-02`,
 * `2026-01-02T15:04`, in local time without an offset), seconds since the epoch with or without a fraction, or how long
 * ago (`10m`, `1h30m`). In ns since the epoch. Throws `invalid`; `what` names it.
 */
export function moment(what: string, now: () => number = Date.now): (text: string) => bigint {
  return (text) => {
    const parsed = seconds(text) ?? date(text) ?? ago(what, text, now());
    if (parsed !== undefined) return parsed;
    throw new EngineError('invalid', `invalid ${what}: "${text}"`, {
      subject: text,
      hint: 'write a time (2026-01-02T15:04:05), seconds since 1970, or how long ago it was (10m)',
    });
  };
}

function seconds(text: string): bigint | undefined {
  const [, whole, fraction = ''] = /^(-?\d+)(?:\.(\d*))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  return BigInt(whole) * NS_PER_S + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}

function date(text: string): bigint | undefined {
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = ''] = match;
  // With a time of the day, as without an offset only that is read as local time.
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone.toUpperCase()}`);
  return Number.isNaN(ms) ? undefined : BigInt(ms) * NS_PER_MS + BigInt(fraction.padEnd(9, '0'));
}

/** A negative one is in the future. */
function ago(what: string, text: string, now: number): bigint | undefined {
  const sign = text.startsWith('-') ? -1n : 1n;
  try {
    return BigInt(now) * NS_PER_MS - sign * BigInt(duration(what)(text.replace(/^-/, ''))) * NS_PER_MS;
  } catch {
    return undefined;
  }
}
