import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';

const LIMIT = 1024 * 1024;
const WRITABLE_BY_OTHERS = 0o022;
/** Character device 1:3. */
const DEV_NULL = 0x103;

/**
 * Reads a file that decides where images come from, or whom a registry is trusted to be; undefined when there is none. Throws
 * `invalid` when it cannot be read, and when it belongs to somebody other than root and `uid`, or others may write it:
 * whoever could write there would choose what is run. /dev/null, and a link to it, is an empty file.
 */
export async function readDecidingFile(path: string, uid: number): Promise<string | undefined> {
  try {
    // What is no file must not hold us up.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = await file.stat();
    if (status.isCharacterDevice() && status.rdev === DEV_NULL) return '';
    if (!status.isFile()) throw refused(path, 'it is no file');
    if (status.uid !== 0 && status.uid !== uid)
      throw refused(path, `it belongs to user ${status.uid}`, 'let it belong to root: chown root');
    if ((status.mode & WRITABLE_BY_OTHERS) !== 0)
      throw refused(path, 'others may write it', 'let only its owner write it: chmod go-w');
    if (status.size > LIMIT) throw refused(path, `it is larger than ${LIMIT} bytes`);
    return await file.readFile('utf8');
  } catch (cause) {
    if (isAbsent(cause)) return undefined;
    if (cause instanceof EngineError) throw cause;
    throw new EngineError('invalid', `${path} cannot be read`, { subject: path, cause });
  }
}

/** Lists the files of a drop-in directory whose names have an ending, in the order of their names. */
export async function dropIns(directory: string, ending: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
    return names
      .filter((name) => name.endsWith(ending))
      .sort()
      .map((name) => join(directory, name));
  } catch (cause) {
    if (isAbsent(cause)) return [];
    throw new EngineError('invalid', `${directory} cannot be read`, { subject: directory, cause });
  }
}

function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function refused(path: string, why: string, hint?: string): EngineError {
  return new EngineError('invalid', `${path} is not obeyed: ${why}`, { subject: path, hint });
}
