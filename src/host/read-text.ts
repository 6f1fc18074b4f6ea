import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/**
 * The whole of a file as text; undefined where it is missing or cannot be read, as many a file below /proc and /sys
 * depends on the kernel.
 */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** The beginning of a file that may have no end: at most so many bytes. Throws the system's error. */
export function readBeginning(file: string, most: number): Buffer {
  const bytes = Buffer.allocUnsafe(most);
  const fd = openSync(file, 'r');
  try {
    let length = 0;
    for (let n = -1; n !== 0 && length < most; length += n)
      n = readSync(fd, bytes, length, most - length, null);
    return bytes.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}
