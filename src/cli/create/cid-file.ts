import { closeSync, fstatSync, lstatSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { isMissing } from '../../host/missing.ts';
import { userPath } from '../../host/working-directory.ts';

/** A file of `--cidfile`: this command's own, and still empty. */
export interface CidFile {
  /** Writes the id, without a newline, as Docker does. */
  write(id: string): void;
  /** Removes the file: no container was created. */
  discard(): void;
}

/**
 * Makes the file. Throws `conflict` when there is one, which may name a container that lives, `unavailable` else. It is
 * written by its descriptor: whoever may write to its directory may have put something else in its place by then.
 */
export function makeCidFile(path: string): CidFile {
  const file = makeNew(userPath(path));
  return {
    write(id) {
      try {
        writeSync(file, id);
        closeSync(file);
      } catch (cause) {
        throw cannotWrite(path, cause as NodeJS.ErrnoException);
      }
    },
    discard() {
      const [mine, there] = [fstatSync(file), lstatSync(path, { throwIfNoEntry: false })];
      closeSync(file);
      if (there?.ino === mine.ino && there.dev === mine.dev) unlinkSync(path);
    },
  };
}

/** Throws as `makeCidFile` for a file that is there; makes nothing. */
export function requireNoCidFile(path: string): void {
  if (lstatSync(userPath(path), { throwIfNoEntry: false }) !== undefined) throw isThere(path);
}

/** Makes a new file and returns its descriptor. The mode is what the caller's umask leaves of it. */
function makeNew(path: string): number {
  try {
    return openSync(path, 'wx', 0o644);
  } catch (cause) {
    const error = cause as NodeJS.ErrnoException;
    if (error.code !== 'EEXIST') throw cannotWrite(path, error);
    throw isThere(path, error);
  }
}

function isThere(path: string, cause?: Error): EngineError {
  return new EngineError('conflict', `the container id file ${path} exists already`, {
    subject: path,
    hint: 'make sure that its container is not needed any more, then remove the file',
    cause,
  });
}

function cannotWrite(path: string, error: NodeJS.ErrnoException): EngineError {
  const reason = isMissing(error) ? 'no such directory' : error.message.replace(/^[A-Z]+: |, .*$/g, '');
  return new EngineError('unavailable', `cannot write the container id file ${path}: ${reason}`, {
    subject: path,
    cause: error,
  });
}
