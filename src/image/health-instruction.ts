import { EngineError } from '../errors.ts';
import type { Healthcheck } from '../oci/image-config.ts';
import { execForm } from './instruction-forms.ts';

const NS_PER_MS = 1e6;

/** In ms (Go's time.ParseDuration). */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const TIMES = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
} as const;

/** Reads what stands behind HEALTHCHECK: `NONE`, or flags and `CMD` with a command. Throws `invalid`. */
export function healthInstruction(rest: string): Healthcheck {
  const flags = /^(?:--\S*\s*)*/.exec(rest)?.[0] ?? '';
  const check: Healthcheck = {};
  for (const flag of flags.split(/\s+/).filter(Boolean)) readFlag(check, flag);
  const [, kind = '', command = ''] = /^(\S*)\s*(.*)$/s.exec(rest.slice(flags.length)) ?? [];
  if (kind === '') throw wrong('HEALTHCHECK needs NONE, or CMD and a command');
  if (kind.toUpperCase() === 'NONE') {
    if (command !== '') throw wrong('HEALTHCHECK NONE takes no arguments');
    return { Test: ['NONE'] };
  }
  if (kind.toUpperCase() !== 'CMD') throw wrong(`HEALTHCHECK has "${kind}" where NONE or CMD is wanted`);
  const words = execForm(command);
  if (command === '' || words?.length === 0) throw wrong('HEALTHCHECK CMD has no command');
  return { Test: words === undefined ? ['CMD-SHELL', command] : ['CMD', ...words], ...check };
}

function readFlag(check: Healthcheck, flag: string): void {
  const [, name = '', equals, value = ''] = /^--([^=]*)(=?)(.*)$/s.exec(flag) ?? [];
  if (name !== 'retries' && !Object.hasOwn(TIMES, name)) throw wrong(`HEALTHCHECK has no flag --${name}`);
  if (equals === '') throw wrong(`--${name} of HEALTHCHECK needs a value`);
  if (value === '') return;
  if (name === 'retries') check.Retries = retries(value);
  else check[TIMES[name as keyof typeof TIMES]] = duration(name, value);
}

function retries(value: string): number {
  if (/^\d+$/.test(value) && Number(value) >= 1 && Number(value) <= 2 ** 31 - 1) return Number(value);
  throw wrong(`--retries of HEALTHCHECK is a number from 1 on, not "${value}"`);
}

/** In nanoseconds. */
function duration(name: string, text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)];
  const ms = parts.reduce((sum, [, amount, unit = '']) => sum + Number(amount) * (UNITS[unit] ?? 0), 0);
  const isWhole = parts.map(([part]) => part).join('') === text;
  if (!isWhole && text !== '0') {
    throw wrong(`--${name} of HEALTHCHECK is a duration such as 30s or 1m30s, not "${text}"`);
  }
  if (ms !== 0 && ms < 1) throw wrong(`--${name} of HEALTHCHECK cannot be less than 1ms`);
  return Math.round(ms * NS_PER_MS);
}

function wrong(message: string): EngineError {
  return new EngineError('invalid', message);
}
