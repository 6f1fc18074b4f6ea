import { EngineError } from '../errors.ts';

const SIZE = /^(\d+(?:\.\d*)?|\.\d+) ?([kmgtp]?)(?:i?b)?$/i;
const EXPONENT: Readonly<Record<string, number>> = { '': 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/**
 * Bytes of memory as Docker reads them: `512m`, `1g`, `1.5GB`, `64KiB`, `1048576`, all in powers of 1024 and in
 * either case; a fraction of a byte is dropped. Throws `invalid`.
 */
export function parseSize(text: string): number {
  const match = SIZE.exec(text.trim());
  const [, number = '', unit = ''] = match ?? [];
  // "5ib" reads as a size to the pattern, but `i` belongs to a unit.
  const bytes = Math.floor(Number(number) * 1024 ** (EXPONENT[unit.toLowerCase()] ?? 0));
  if (match !== null && Number.isSafeInteger(bytes) && !(unit === '' && /ib$/i.test(text))) return bytes;
  throw new EngineError('invalid', `invalid size: "${text}"`, {
    subject: text,
    hint: 'write bytes, or a number with k, m or g, as in 512m',
  });
}
