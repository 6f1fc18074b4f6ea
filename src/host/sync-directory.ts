import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Makes names that were created in, renamed into or removed from a directory survive a crash (fsync(2), notes). */
export function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
