import type { Healthcheck } from '../../oci/image-config.ts';
import { execForm, isWrong } from '../dockerfile/exec-form.ts';
import type { Evaluation } from './evaluation.ts';

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

/** What a HEALTHCHECK says: `NONE`, or flags and `CMD` with a command. Nothing in it is expanded. */
export function healthcheck(one: Evaluation): Healthcheck {
  const [, kind = '', command = ''] = /^(\S*)\s*(.*)$/s.exec(one.instruction.rest) ?? [];
  if (kind.toUpperCase() === 'NONE') {
    if (command !== '') throw one.wrong('HEALTHCHECK NONE takes no arguments');
    return { Test: ['NONE'] };
  }
  if (kind.toUpperCase() !== 'CMD') throw one.wrong(`HEALTHCHECK has "${kind}" where NONE or CMD is wanted`);
  const words = execForm(command);
  if (isWrong(words)) throw one.wrong(`${command} is ${words.isA}`, { hint: words.hint });
  if (command === '' || words?.length === 0) throw one.wrong('HEALTHCHECK CMD has no command');
  const check: Healthcheck = { Test: words === undefined ? ['CMD-SHELL', command] : ['CMD', ...words] };
  for (const { name, value = '' } of one.instruction.flags) readFlag(one, check, name, value);
  return check;
}

function readFlag(one: Evaluation, check: Healthcheck, name: string, value: string): void {
  if (value === '') return;
  // 0 says nothing: the engine's own number holds.
  if (name === 'retries') check.Retries = retries(one, value) || undefined;
  else check[TIMES[name as keyof typeof TIMES]] = duration(one, name, value) || undefined;
}

function retries(one: Evaluation, value: string): number {
  if (/^\d+$/.test(value) && Number(value) <= 2 ** 31 - 1) return Number(value);
  throw one.wrong(`--retries of HEALTHCHECK is a number from 0 on, not "${value}"`, {
    at: one.flagAt('retries'),
  });
}

/** In nanoseconds. */
function duration(one: Evaluation, name: string, text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/gy)];
  const ms = parts.reduce((sum, [, amount, unit = '']) => sum + Number(amount) * (UNITS[unit] ?? 0), 0);
  const isWhole = parts.map(([part]) => part).join('') === text;
  const at = one.flagAt(name);
  if (!isWhole && text !== '0') {
    throw one.wrong(`--${name} of HEALTHCHECK is a duration such as 30s or 1m30s, not "${text}"`, { at });
  }
  if (ms !== 0 && ms < 1) throw one.wrong(`--${name} of HEALTHCHECK cannot be less than 1ms`, { at });
  return Math.round(ms * NS_PER_MS);
}

/** A check as the history has it. */
export function shownHealthcheck(check: Healthcheck): string {
  const { Test = [], Interval = 0, Timeout = 0, StartPeriod = 0, StartInterval = 0, Retries = 0 } = check;
  const times = { Interval, Timeout, StartPeriod, StartInterval };
  const shown = Object.entries(times).map(([name, ns]) => `${name}:${shownDuration(ns)}`);
  return `{Test:[${Test.join(' ')}] ${shown.join(' ')} Retries:${Retries}}`;
}

/** As Go writes it: `1m30s`, `500ms`, `0s`. */
function shownDuration(ns: number): string {
  const ms = ns / NS_PER_MS;
  if (ms > 0 && ms < 1000) return `${ms}ms`;
  const [hours, minutes] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60];
  const seconds = `${(ms % 60_000) / 1000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
