import type { RlimitOption } from '../engine/options/create.ts';
import { EngineError } from '../errors.ts';
import { parseSignal } from '../runtime/monitor/signals.ts';

/** `--umask 0022`: an octal value as a number. Throws `invalid`. */
export function parseUmask(text: string): number {
  if (/^[0-7]{1,5}$/.test(text)) return Number.parseInt(text, 8);
  throw new EngineError('invalid', `invalid umask: "${text}"`, {
    subject: text,
    hint: 'write octal digits, as in 0022',
  });
}

/**
 * `--ulimit NAME=SOFT[:HARD]`; `infinity`, `unlimited` and -1 are none; the hard one is the soft one when absent. Throws
 * `invalid`; which names and values there are is the runtime's to say.
 */
export function parseUlimit(text: string): RlimitOption {
  const equals = text.indexOf('=');
  const values = text.slice(equals + 1).split(':');
  const [soft, hard = soft] = values.map((value) => limitValue(text, value));
  if (equals < 1 || soft === undefined || hard === undefined || values.length > 2)
    throw ulimitError(text, 'write NAME=SOFT[:HARD], as in nofile=1024:2048');
  return { name: text.slice(0, equals), soft, hard };
}

function limitValue(text: string, value: string): number {
  if (value === 'infinity' || value === 'unlimited' || value === '-1') return -1;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw ulimitError(text, `"${value}" is not a whole number`);
}

function ulimitError(text: string, hint: string): EngineError {
  return new EngineError('invalid', `invalid ulimit: "${text}"`, { subject: text, hint });
}

/** `--stop-signal`: kept as it is written, as Docker shows it. Throws `invalid` for one that there is not. */
export function parseStopSignal(text: string): string {
  parseSignal(text);
  return text;
}
