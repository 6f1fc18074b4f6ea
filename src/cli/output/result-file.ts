import { accessSync, constants, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { EngineError } from '../../errors.ts';
import { unlessMissing } from '../../host/missing.ts';

/** A file that says what has come of a command. */
export interface ResultFile {
  /** Throws `unavailable`. */
  write(text: string): void;
}

/**
 * Finds out whether a file can be written once there is something to say, and removes the one that is there, which says what was
 * before (as with Docker's `--iidfile`). A device or a pipe stays. Throws `invalid` for a directory, `unavailable` for a place
 * where nothing can be written.
 */
export function resultFile(path: string): ResultFile {
  const found = attempt(path, () => unlessMissing(() => statSync(path)));
  if (found?.isDirectory())
    throw new EngineError('invalid', `cannot write ${path}: it is a directory`, { subject: path });
  attempt(path, () => accessSync(found === undefined ? dirname(path) : path, constants.W_OK));
  if (found?.isFile()) attempt(path, () => rmSync(path));
  return { write: (text) => attempt(path, () => writeFileSync(path, text)) };
}

function attempt<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    const reason = isMissing
      ? `there is no directory ${dirname(path)}`
      : message.replace(/^[A-Z]+: |, .*$/g, '');
    throw new EngineError('unavailable', `cannot write ${path}: ${reason}`, { subject: path, cause });
  }
}
