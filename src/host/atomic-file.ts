import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { randomHex } from './random.ts';

/**
 * Replaces `file` in one step: a reader sees the old bytes or the new ones, also after a crash. The temporary file
 * lies beside it, so that the rename stays within one file system. Throws the system's error.
 */
export function writeFileAtomically(file: string, content: string | Uint8Array, mode = 0o600): void {
  const directory = dirname(file);
  const draft = join(directory, `.${basename(file)}.${process.pid}.${randomHex(4)}`);
  try {
    writeFileSync(draft, content, { mode, flag: 'wx', flush: true });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncDirectory(directory);
}

/** Makes names that were created in, renamed into or removed from a directory survive a crash (fsync(2), notes). */
export function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
