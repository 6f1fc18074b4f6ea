import { EngineError } from '../errors.ts';
import { readBeginning } from '../host/read-text.ts';
import { userPath } from '../host/working-directory.ts';
import { MAX_FILE_BYTES, tooLong } from './file-size.ts';

/** A line of the file: `KEY=VALUE`, or a key alone. */
export interface KeyValue {
  key: string;
  value?: string | undefined;
}

/**
 * Reads a file of variables or labels as Docker does: a line each, blanks before it do not count, nor do empty lines and
 * those that begin with `#`; everything after `=` is the value, quotes included. `what` says what the file is for.
 * Throws `notFound`, `denied` or `unavailable` when it cannot be read, `invalid` with its line for what is wrong in it.
 */
export function readKeyValueFile(path: string, what: string): KeyValue[] {
  const lines = decode(path, what, read(path, what)).split('\n');
  return lines.flatMap((line, index) => {
    const text = (line.endsWith('\r') ? line.slice(0, -1) : line).trimStart();
    return text === '' || text.startsWith('#') ? [] : [pairOf(text, { path, what, line: index + 1 })];
  });
}

function pairOf(text: string, place: { path: string; what: string; line: number }): KeyValue {
  const equals = text.indexOf('=');
  const key = equals < 0 ? text : text.slice(0, equals);
  if (key === '') throw wrong(place, `"${text}" has no name`);
  if (/[ \t]/.test(key)) throw wrong(place, `the name "${key}" has blanks in it`);
  if (text.includes('\0')) throw wrong(place, 'there is a NUL byte');
  return equals < 0 ? { key } : { key, value: text.slice(equals + 1) };
}

function wrong({ path, what, line }: { path: string; what: string; line: number }, reason: string) {
  return new EngineError('invalid', `${what} ${path}, line ${line}: ${reason}`, {
    subject: path,
    hint: 'write KEY=VALUE, one on each line',
  });
}

function decode(path: string, what: string, bytes: Buffer): string {
  try {
    // Without the mark that some editors put at the beginning of a file.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new EngineError('invalid', `${what} ${path} is not UTF-8 text`, { subject: path, cause });
  }
}

function read(path: string, what: string): Buffer {
  const file = userPath(path);
  try {
    const bytes = readBeginning(file, MAX_FILE_BYTES + 1);
    if (bytes.length <= MAX_FILE_BYTES) return bytes;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new EngineError('notFound', `no such ${what}: ${path}`, { subject: path, cause });
    if (code === 'EISDIR')
      throw new EngineError('invalid', `${what} ${path} is a directory`, { subject: path, cause });
    const kind = code === 'EACCES' || code === 'EPERM' ? 'denied' : 'unavailable';
    const reason = message.replace(/^[A-Z]+: |, .*$/g, '');
    throw new EngineError(kind, `cannot read ${what} ${path}: ${reason}`, { subject: path, cause });
  }
  throw tooLong(what, path);
}
