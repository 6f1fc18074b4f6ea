import { readlinkSync } from 'node:fs';
import { EngineError } from '../errors.ts';

/**
 * Goes where native/entry.c goes when the working directory was deleted or unmounted. Bun cannot start in such a place,
 * and Node starts no other program there.
 */
export function leaveLostDirectory(): void {
  try {
    process.cwd();
  } catch {
    process.chdir('/proc/self/task');
  }
}

/**
 * The path of a file that the user has named, as it is. Throws `unavailable` for one that is relative to a working
 * directory that is gone.
 */
export function userPath(path: string): string {
  if (path.startsWith('/') || !isLost(process.cwd())) return path;
  throw new EngineError(
    'unavailable',
    `"${path}" leads nowhere: the working directory was deleted or unmounted`,
    {
      subject: path,
      hint: 'change to another directory, or name the file with its absolute path',
    },
  );
}

function isLost(directory: string): boolean {
  return directory.endsWith('/task') && directory === `/proc/${readlinkSync('/proc/self')}/task`;
}
