import { renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { writeOwnFile } from './own-file.ts';

/**
 * Writes a file of exactly this mode in one step, for readers that may come at any time. The draft lies beside the
 * file's directory: whoever reads all of the directory must not take it for one of its own. It need not survive a power
 * cut. Throws the system's error, `ENOENT` for a directory that is not there any more, and leaves no draft then.
 */
export function replaceFile(file: string, content: string | Uint8Array, mode: number): void {
  const draft = join(dirname(dirname(file)), `.${basename(file)}.${process.pid}`);
  try {
    writeOwnFile(draft, content, mode);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
