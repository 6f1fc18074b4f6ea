import { EngineError } from '../errors.ts';

/**
 * A number of CPUs, `0.5` or `2`, in billionths of one, which is as precise as Docker allows. 0 means no limit. Throws
 * `invalid`; whether the host has as many is for the engine to say.
 */
export function parseCpus(text: string): number {
  const [, whole = '', fraction = ''] = /^(\d{0,6})(?:\.(\d{0,9}))?$/.exec(text) ?? [];
  if (whole === '' && fraction === '') {
    throw new EngineError('invalid', `invalid number of CPUs: "${text}"`, {
      subject: text,
      hint: 'write a decimal number with at most nine digits after the point, as in 1.5',
    });
  }
  return Number(whole) * 1e9 + Number(fraction.padEnd(9, '0'));
}
