import { EngineError } from '../../errors.ts';

/** The one that nobody can catch (signal(7)). */
export const SIGKILL = 9;

/** Linux numbers, the same on x86-64 and arm64 (signal(7)). */
const NUMBERS: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  IOT: 6,
  BUS: 7,
  FPE: 8,
  KILL: SIGKILL,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  POLL: 29,
  PWR: 30,
  SYS: 31,
};

/**
 * The number of SIGRTMIN to a program with glibc, and to Docker: systemd as PID 1 stops on SIGRTMIN+3 = 37. musl's own
 * SIGRTMIN is 35, as its library keeps one more for itself; the container's program decides, not our helper.
 */
const RTMIN = 34;
const RTMAX = 64;

/** The number of a signal written as Docker reads it: `SIGTERM`, `term`, `15`, `RTMIN+3`; throws `invalid`. */
export function parseSignal(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : byName(text.toUpperCase().replace(/^SIG/, ''));
  if (number !== undefined && number >= 1 && number <= RTMAX) return number;
  throw new EngineError('invalid', `invalid signal: ${text}`, {
    subject: text,
    hint: 'write a name as in signal(7), SIGTERM or TERM, or a number from 1 to 64',
  });
}

function byName(name: string): number | undefined {
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (realTime === null) return NUMBERS[name];
  const [, base, sign, digits] = realTime;
  const offset = Number(digits ?? 0) * (sign === '-' ? -1 : 1);
  const number = (base === 'MIN' ? RTMIN : RTMAX) + offset;
  return number >= RTMIN && number <= RTMAX ? number : undefined;
}

/** The name of a signal, `SIGTERM`; a number without one is written as it is. */
export function signalName(number: number): string {
  if (number >= RTMIN && number <= RTMAX) return number === RTMIN ? 'SIGRTMIN' : `SIGRTMIN+${number - RTMIN}`;
  const name = Object.keys(NUMBERS).find((key) => NUMBERS[key] === number);
  return name === undefined ? String(number) : `SIG${name}`;
}
