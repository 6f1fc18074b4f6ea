/** Numbers and words as tar headers spell them (POSIX pax, "ustar Interchange Format"; GNU tar, "Basic Tar Format"). */

/**
 * A numeric field: octal digits between blanks or NULs, or base-256 when the first bit is set (two's complement, big
 * endian). Undefined when it is neither, or beyond what a double holds exactly (2^53: 8 PiB).
 */
export function readNumber(block: Buffer, offset: number, length: number): number | undefined {
  const first = block[offset] ?? 0;
  return (first & 0x80) === 0 ? readOctal(block, offset, length) : readBase256(block, offset, length, first);
}

function readOctal(block: Buffer, offset: number, length: number): number | undefined {
  const end = offset + length;
  let at = offset;
  while (at < end && isBlank(block[at])) at++;
  let value = 0;
  for (; at < end; at++) {
    const digit = (block[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  while (at < end && isBlank(block[at])) at++;
  return at === end || block[at] === 0 ? value : undefined;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0;
}

function readBase256(block: Buffer, offset: number, length: number, first: number): number | undefined {
  const negative = (first & 0x40) !== 0;
  let value = BigInt(first & (negative ? 0xff : 0x7f));
  for (let at = offset + 1; at < offset + length; at++) value = value * 256n + BigInt(block[at] ?? 0);
  if (negative) value -= 1n << BigInt(8 * length);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** Bytes up to the first NUL, one character for each: file names have no encoding, and must survive as they are. */
export function readString(block: Buffer, offset: number, length: number): string {
  const end = offset + length;
  let stop = offset;
  while (stop < end && block[stop] !== 0) stop++;
  return block.toString('latin1', offset, stop);
}

/** Whether a header's checksum fits; old tars summed signed bytes. */
export function checksumFits(block: Buffer): boolean {
  const expected = readNumber(block, 148, 8);
  let unsigned = 8 * 0x20;
  let high = 0;
  for (let at = 0; at < 512; at++) {
    if (at === 148) at = 156;
    const byte = block[at] as number;
    unsigned += byte;
    high += byte >> 7;
  }
  return expected === unsigned || expected === unsigned - 256 * high;
}

/** A decimal number of a pax record that must be a whole one, not negative. */
export function readDecimal(text: string): number | undefined {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A pax time, `-?seconds[.fraction]`, as whole seconds and nanoseconds that count forward from them. */
export function readTime(text: string): { seconds: number; nanoseconds: number } | undefined {
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(text);
  if (match === null) return undefined;
  const seconds = Number(match[2]);
  const nanoseconds = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  if (match[1] === '') return { seconds, nanoseconds };
  return nanoseconds === 0
    ? { seconds: 0 - seconds, nanoseconds: 0 }
    : { seconds: -seconds - 1, nanoseconds: 1e9 - nanoseconds };
}
