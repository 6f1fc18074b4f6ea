import { nearestName } from '../../nearest-name.ts';
import type { Evaluation } from './evaluation.ts';

/** Of signal(7), without their prefix. */
const NAMES = [
  ...['ABRT', 'ALRM', 'BUS', 'CHLD', 'CLD', 'CONT', 'FPE', 'HUP', 'ILL', 'INT', 'IO', 'IOT', 'KILL', 'PIPE'],
  ...['POLL', 'PROF', 'PWR', 'QUIT', 'SEGV', 'STKFLT', 'STOP', 'SYS', 'TERM', 'TRAP', 'TSTP', 'TTIN', 'TTOU'],
  ...['URG', 'USR1', 'USR2', 'VTALRM', 'WINCH', 'XCPU', 'XFSZ'],
];
const LARGEST = 64;

/** The text of a signal, when it is one: a number, or a name with `SIG` or without, in any case. Throws `invalid`. */
export function requireSignal(one: Evaluation, text: string): string {
  const name = text.toUpperCase().replace(/^SIG/, '');
  const isNumber = /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= LARGEST;
  const isRealTime = /^RT(MIN(\+([1-9]|1[0-5]))?|MAX(-([1-9]|1[0-4]))?)$/.test(name);
  if (isNumber || isRealTime || NAMES.includes(name)) return text;
  const near = nearestName(name, NAMES);
  throw one.wrong(`"${text}" is no signal`, {
    hint: near === undefined ? 'signal(7) has the names' : `did you mean SIG${near}?`,
  });
}
