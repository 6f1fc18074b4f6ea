import {
  chmodSync,
  closeSync,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes a file that has exactly `mode` afterwards, whatever the umask of the caller says. A file that is there is
 * overwritten in place. Throws what open(2) and write(2) say.
 */
export function writeOwnFile(path: string, content: string | Uint8Array, mode: number): void {
  const file = openSync(path, 'w', mode);
  try {
    fchmodSync(file, mode);
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
  } finally {
    closeSync(file);
  }
}

/** Makes a directory, and those above it that are missing, each with exactly `mode`. What is there stays as it is. */
export function makeOwnDirectory(path: string, mode: number): void {
  const first = mkdirSync(path, { recursive: true, mode });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) chmodSync(made, mode);
}

/**
 * Reads a file by which skiff decides something. Undefined where it is missing or cannot be read, and where somebody
 * else may have written it: it has to be a regular file of this process's user that nobody else may write.
 */
export function readOwnFile(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const { uid, mode } = fstatSync(file);
    const trusted = uid === process.geteuid?.() && (mode & 0o170022) === 0o100000;
    return trusted ? readFileSync(file, 'utf8') : undefined;
  } finally {
    closeSync(file);
  }
}
