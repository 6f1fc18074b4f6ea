import { readFileSync } from 'node:fs';

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
