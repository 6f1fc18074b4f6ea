import { existsSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { bootId } from '../../host/boot-id.ts';
import { readIfPresent } from '../../host/missing.ts';
import { isAlive, type ProcessIdentity, parseIdentity } from '../../host/process.ts';
import {
  type ExitRecord,
  parseExitRecord,
  parseStateRecord,
  type StateRecord,
} from '../../runtime/monitor/records.ts';
import { containerPaths, type PathsOfContainers } from '../store/container-paths.ts';
import { type ContainerRow, containerById } from '../store/containers.ts';
import type { Context } from '../store/context.ts';

/**
 * The status of a container, derived from records and the kernel, never stored (src/engine/store/STORE.md, "On disk"):
 *
 * - `starting`: the command that brings it up is at work;
 * - `restarting`: it ended, and its monitor waits to start it again; `exit` absent: it is just about to;
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
  | { state: 'restarting'; record: StateRecord; exit?: ExitRecord | undefined }
  | { state: 'exited'; record: ExitRecord }
  | { state: 'orphaned' }
  | { state: 'lost' }
  | { state: 'gone' };

/**
 * Reads the status of one container: none to three small reads, in the opposite order of that in which monitors write:
 * one that ends meanwhile has written its exit record before its other traces go. One that starts meanwhile is in the
 * database with its starter before it has traces, and has a monitor before its starter goes: what looks like an orphan is
 * looked at twice, with its row as it is now.
 */
export function statusOf(context: Context, row: ContainerRow): Status {
  const status = readStatus(context, row);
  if (status.state !== 'orphaned') return status;
  return readStatus(context, containerById(context.database, row.id) ?? row);
}

function readStatus(context: Context, row: ContainerRow): Status {
  if (row.ended !== undefined && row.starter === undefined) return { state: 'exited', record: row.ended };
  const paths = containerPaths(context.paths, row.id);
  // Nobody has ever claimed it to start it, so there are no records: a list of thousands need not look for them.
  if (!row.started && !starterLives(row))
    return existsSync(paths.directory) ? { state: 'created' } : { state: 'gone' };
  const state = readIfPresent(paths.state);
  const record = state === undefined ? undefined : parseStateRecord(state);
  const runs = record !== undefined && isAlive(record.monitor);
  const isStarting = record === undefined && starterLives(row);
  // Also with an exit record: who was killed right after writing it has not cleaned up.
  if (!runs && !isStarting && existsSync(paths.runDir)) return { state: 'orphaned' };
  const text = readIfPresent(paths.exit);
  const exit = text === undefined ? undefined : parseExitRecord(text);
  if (runs && record.restarting !== undefined) return { state: 'restarting', record, exit };
  if (exit !== undefined) return { state: 'exited', record: exit };
  if (runs) return { state: 'running', record };
  // The command that started it in the foreground lives a little longer than the container.
  if (isStarting) return existsSync(paths.gone) ? { state: 'gone' } : { state: 'starting' };
  return existsSync(paths.directory) ? withoutProcess(row) : { state: 'gone' };
}

/** Returns the error for what is refused while another command brings a container up. */
export function isBeingStarted(name: string): EngineError {
  return new EngineError('conflict', `container ${name} is being started by another command`, {
    subject: name,
    hint: 'try again in a moment',
  });
}

/** Returns the error for what is refused while a container waits to be started again. */
export function isRestarting(name: string): EngineError {
  return new EngineError('conflict', `container ${name} is restarting, wait until it is running`, {
    subject: name,
    failure: 'restarting',
  });
}

/** Returns the error for what is refused when a container does not run. */
export function isNotRunning({ id, name }: Pick<ContainerRow, 'id' | 'name'>): EngineError {
  return new EngineError('conflict', `container ${name} is not running`, {
    subject: name,
    failure: 'notRunning',
    object: id,
    remedy: `skiff ps -a shows what it is doing, skiff start ${name} starts it`,
  });
}

/** Whether the monitor in the record of a run lives, whatever the container's row says. */
export function monitorLives(store: RuntimeOf, id: string): boolean {
  return livingMonitor(store, id) !== undefined;
}

/** Returns the monitor in the record of a run; undefined when there is none, or it is dead. */
export function livingMonitor({ paths }: RuntimeOf, id: string): ProcessIdentity | undefined {
  const state = readIfPresent(containerPaths(paths, id).state);
  const monitor = state === undefined ? undefined : parseStateRecord(state).monitor;
  return monitor !== undefined && isAlive(monitor) ? monitor : undefined;
}

/** The paths of a store, which need not be there. */
interface RuntimeOf {
  paths: PathsOfContainers;
}

/**
 * Whether a container has a monitor that can be told to end it, as Docker's `Running` says: it runs, or will run again.
 */
export function isUp<S extends Status>(status: S): status is Extract<S, { state: 'running' | 'restarting' }> {
  return status.state === 'running' || status.state === 'restarting';
}

/** Whether a container does not run and nobody starts it now, whatever its row said when it was read. */
export function isIdle(context: Context, { id }: Pick<ContainerRow, 'id'>): boolean {
  const current = containerById(context.database, id);
  if (current === undefined) return true;
  const status = statusOf(context, current);
  return status.state !== 'starting' && !isUp(status);
}

/**
 * Returns the status of a container that has files, and no trace of a run: as it was before the last start, unless a
 * reboot took the traces.
 */
function withoutProcess(row: ContainerRow): Status {
  const { started, error, ended, autoRemove, boot } = row;
  if (started && error === undefined && (autoRemove || boot !== bootId())) return { state: 'lost' };
  if (ended === undefined) return { state: 'created' };
  if (error === undefined) return { state: 'exited', record: ended };
  return {
    state: 'exited',
    record: { code: error.exitCode, oom: false, started: ended.started, finished: ended.finished },
  };
}

/**
 * Whether the command that starts the container lives. It no longer counts once the start has failed: it may go on with
 * other containers.
 */
export function starterLives({ starter, error }: ContainerRow): boolean {
  const identity = error === undefined ? parseIdentity(starter) : undefined;
  return identity !== undefined && isAlive(identity);
}
