import { renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeOwnDirectory, readOwnFile, writeOwnFile } from './own-file.ts';
import type { StorePaths } from './paths.ts';

/** To which state root a runtime root belongs. */
export interface RootRecord {
  root: string;
  /** st_dev of the root, in decimal: as long as it is that of the place, the root's file system is there. */
  device: string;
}

/**
 * Makes the runtime root with exactly `mode`, and the record of whose it is, in one step; one that is there is fine. The
 * state root has to exist.
 */
export function makeRuntimeRoot({ root, run, rootRecord }: StorePaths, mode: number): void {
  if (statSync(run, { throwIfNoEntry: false }) !== undefined) return;
  const draft = `${run}.${process.pid}`;
  makeOwnDirectory(draft, mode);
  try {
    writeOwnFile(join(draft, 'root'), rootRecordOf(root), 0o600);
    renameSync(draft, dirname(rootRecord));
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another command was faster.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function rootRecordOf(root: string): string {
  const record: RootRecord = { root, device: String(statSync(root, { bigint: true }).dev) };
  return `${JSON.stringify(record)}\n`;
}

/** Reads the record of a runtime root; undefined for what is none, or not there. */
export function readRootRecord(
  file: string,
  read: (file: string) => string | undefined = readOwnFile,
): RootRecord | undefined {
  try {
    const record: unknown = JSON.parse(read(file) ?? '');
    if (typeof record !== 'object' || record === null) return undefined;
    const { root, device } = record as Record<string, unknown>;
    return typeof root === 'string' && typeof device === 'string' ? { root, device } : undefined;
  } catch {
    return undefined;
  }
}
