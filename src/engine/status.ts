import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, type ProcessIdentity } from '../host/process.ts';
import { type ExitRecord, parseExitRecord, parseStateRecord, type StateRecord } from '../runtime/records.ts';
import type { ContainerRow } from './container-store.ts';
import type { Context } from './context.ts';

/**
 * What a container is doing, derived from records and the kernel, never stored (src/ARCHITECTURE.md, "On disk"):
 *
 * - `starting`: the command that brings it up is at work;
 * - `orphaned`: its monitor was killed; someone has to clean up after it;
 * - `lost`: it ran, and neither process nor record is left (a reboot);
 * - `gone`: a `--rm` container whose files are removed already: only the row is left.
 *
 * `paused` is looked at only for commands that show it (`withPaused`).
 */
export type Status =
  | { state: 'created' }
  | { state: 'starting' }
  | { state: 'running'; record: StateRecord; paused?: boolean }
  | { state: 'exited'; record: ExitRecord }
  | { state: 'orphaned' }
  | { state: 'lost' }
  | { state: 'gone' };

/**
 * Reads the status of one container: one to three small reads. A container that ends meanwhile writes its record
 * before its traces go, so what looks like a death without a record is looked at twice.
 */
export function statusOf(context: Context, row: ContainerRow): Status {
  const status = observe(context, row);
  return status.state === 'orphaned' || status.state === 'lost' ? observe(context, row) : status;
}

function observe(context: Context, row: ContainerRow): Status {
  if (row.ended !== undefined) return { state: 'exited', record: row.ended };
  const directory = join(context.paths.containers, row.id);
  const run = join(context.paths.run, row.id);
  const exit = readIfPresent(join(directory, 'exit'));
  const state = readIfPresent(join(run, 'state'));
  const record = state === undefined ? undefined : parseStateRecord(state);
  // Also with an exit record: who was killed right after writing it has not cleaned up.
  if (record !== undefined && !isAlive(record.monitor)) return { state: 'orphaned' };
  if (exit !== undefined) return { state: 'exited', record: parseExitRecord(exit) };
  if (record !== undefined) return { state: 'running', record };
  if (starterLives(row)) return { state: 'starting' };
  return withoutProcess(row, directory, run);
}

function withoutProcess(row: ContainerRow, directory: string, run: string): Status {
  if (existsSync(run)) return { state: 'orphaned' };
  if (!existsSync(directory)) return row.autoRemove || row.started ? { state: 'gone' } : { state: 'created' };
  if (!row.started || row.error !== undefined) return { state: 'created' };
  return { state: 'lost' };
}

function starterLives(row: ContainerRow): boolean {
  const identity = parseIdentity(row.starter);
  return identity !== undefined && isAlive(identity);
}

/** `pid starttime`, as `container.starter` holds it. */
export function parseIdentity(text: string | undefined): ProcessIdentity | undefined {
  const [pid, startTime] = (text ?? '').split(' ').map(Number);
  return pid && startTime !== undefined ? { pid, startTime } : undefined;
}

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
