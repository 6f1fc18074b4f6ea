import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { EngineError } from '../errors.ts';

/** How many bytes of a file are read to be edited. */
const MAX_BYTES = 1 << 20;

const NEWLINE = 0x0a;

/**
 * Changes a file of lines that somebody else has mounted, may be reading, and may have filled: it cannot be replaced by
 * another one. `edit` gets and returns its text with a character for each byte (latin1). What is the same at the beginning
 * is not written again; the rest is written by one pwrite(2), with empty lines in the place of what has become shorter,
 * which are then cut off, so that no reader meets half a line. False when the file is longer than 1 MB, or kept from being
 * written (a lease, an immutable file): then it is left as it is. Throws `denied` for what is no file, or a symbolic link.
 */
export function editInPlace(file: string, edit: (text: string) => string): boolean {
  return inPlace(file, (fd, { size }) => {
    const former = size > MAX_BYTES ? undefined : readAtMost(fd, MAX_BYTES);
    if (former === undefined) return false;
    write(fd, former, Buffer.from(edit(former.toString('latin1')), 'latin1'));
    return true;
  });
}

/**
 * Gives a container's file another text, in place, whatever it has. False where it is kept from being written. Throws
 * as `editInPlace`.
 */
export function overwriteInPlace(file: string, text: string): boolean {
  return inPlace(file, (fd, { size }) => {
    if (size > MAX_BYTES) ftruncateSync(fd, 0);
    write(fd, readAtMost(fd, MAX_BYTES) ?? Buffer.alloc(0), Buffer.from(text));
    return true;
  });
}

/** False without a call of `body` where somebody keeps others from writing. */
function inPlace(file: string, body: (fd: number, stat: Stats) => boolean): boolean {
  const fd = open(file);
  if (fd === undefined) return false;
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw notAFile(file);
    return body(fd, stat);
  } finally {
    closeSync(fd);
  }
}

/**
 * Opens a file; undefined: there is a lease on it (fcntl(2): EAGAIN, for who does not wait), or it is immutable
 * (EPERM).
 */
function open(file: string): number | undefined {
  try {
    return openSync(file, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EAGAIN' || code === 'EPERM') return undefined;
    throw code === 'ELOOP' || code === 'EISDIR' ? notAFile(file) : cause;
  }
}

function notAFile(file: string): EngineError {
  return new EngineError('denied', `${file} is not a regular file`, { subject: file });
}

/**
 * Reads the whole file; returns undefined when it is longer than `most` bytes, as it may have grown since it was looked
 * at.
 */
function readAtMost(fd: number, most: number): Buffer | undefined {
  const bytes = Buffer.alloc(most + 1);
  let length = 0;
  for (let n = -1; n !== 0 && length <= most; length += n)
    n = readSync(fd, bytes, length, most + 1 - length, length);
  return length > most ? undefined : bytes.subarray(0, length);
}

function write(fd: number, former: Buffer, text: Buffer): void {
  const same = lengthInCommon(former, text);
  const padding = Buffer.alloc(Math.max(former.length - text.length, 0), NEWLINE);
  const rest = Buffer.concat([text.subarray(same), padding]);
  for (let done = 0; done < rest.length; ) done += writeSync(fd, rest, done, rest.length - done, same + done);
  if (padding.length > 0) ftruncateSync(fd, text.length);
}

function lengthInCommon(one: Buffer, other: Buffer): number {
  const most = Math.min(one.length, other.length);
  for (let i = 0; i < most; i += 1) if (one[i] !== other[i]) return i;
  return most;
}
