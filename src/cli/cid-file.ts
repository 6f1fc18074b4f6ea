import { unlinkSync, writeFileSync } from 'node:fs';
import { EngineError } from '../errors.ts';

/** A file of `--cidfile`: this command's own, and still empty. */
export interface CidFile {
  /** Writes the id, without a newline, as Docker does. */
  write(id: string): void;
  /** There is no container after all. */
  discard(): void;
}

/** Makes the file. Throws `conflict` when there is one, which may name a container that lives, `unavailable` else. */
export function makeCidFile(path: string): CidFile {
  makeNew(path);
  return {
    write(id) {
      try {
        writeFileSync(path, id);
      } catch (cause) {
        throw cannotWrite(path, cause as NodeJS.ErrnoException);
      }
    },
    discard: () => unlinkSync(path),
  };
}

function makeNew(path: string): void {
  try {
    writeFileSync(path, '', { flag: 'wx', mode: 0o644 });
  } catch (cause) {
    const error = cause as NodeJS.ErrnoException;
    if (error.code !== 'EEXIST') throw cannotWrite(path, error);
    throw new EngineError('conflict', `the container id file ${path} exists already`, {
      subject: path,
      hint: 'make sure that its container is not needed any more, then remove the file',
      cause,
    });
  }
}

function cannotWrite(path: string, error: NodeJS.ErrnoException): EngineError {
  const reason =
    error.code === 'ENOENT' ? 'no such directory' : error.message.replace(/^[A-Z]+: |, .*$/g, '');
  return new EngineError('unavailable', `cannot write the container id file ${path}: ${reason}`, {
    subject: path,
    cause: error,
  });
}
