import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { requestSignal, requestStop, requestWait } from '../runtime/monitor-client.ts';
import type { ContainerRow } from './container-store.ts';
import type { Context } from './context.ts';
import { imageConfigOf } from './image-store.ts';
import { thawForSignal } from './pause-container.ts';
import { type Observed, observe } from './reconcile.ts';
import { type StopSettings, stopSettings } from './stop-settings.ts';

const SIGKILL = 9;

/**
 * Sends a signal to a container's first process. One that is paused gets it when it goes on, which SIGKILL and its stop
 * signal make it do, as in Docker. Throws `conflict` when it is not running.
 */
export async function killContainer(context: Context, row: ContainerRow, signal: number): Promise<void> {
  const observed = await observe(context, row);
  if (observed?.status.state !== 'running') throw notRunning(row);
  const delivered = await requestSignal(controlSocket(context, row), signal);
  if (!delivered) throw notRunning(row);
  if (signal === SIGKILL || signal === settingsOf(context, row).signal) thawForSignal(row);
}

function settingsOf(context: Context, row: ContainerRow): StopSettings {
  return stopSettings(imageConfigOf(context.database, row.imageId), row.options.stop);
}

/**
 * Asks a container to end and waits until it has, its files and its cgroup included: the stop signal, then SIGKILL
 * when `timeoutMs` (the container's own when absent, negative: never) has passed. One that does not run is fine; one
 * that is paused goes on as soon as the signal waits for it.
 */
export async function stopContainer(
  context: Context,
  row: ContainerRow,
  timeoutMs: number | undefined,
): Promise<void> {
  const observed = await observe(context, row);
  if (observed?.status.state !== 'running') return;
  const settings = settingsOf(context, row);
  await requestStop(controlSocket(context, row), {
    signal: settings.signal,
    timeoutMs: timeoutMs ?? settings.timeoutMs,
    whenAsked: () => thawForSignal(row),
  });
}

/** Waits until a container does not run and returns its exit code; 0 for one that never started, as Docker has it. */
export async function waitContainer(
  context: Context,
  row: ContainerRow,
  signal?: AbortSignal,
): Promise<number> {
  const observed = await observe(context, row);
  if (observed === undefined) throw vanished(row);
  if (observed.status.state !== 'running') return exitCodeOf(observed);
  const code = await requestWait(controlSocket(context, row), signal);
  if (code !== undefined) return code;
  const after = await observe(context, row);
  if (after === undefined) throw vanished(row);
  return exitCodeOf(after);
}

function exitCodeOf({ status, row }: Observed): number {
  return status.state === 'exited' ? status.record.code : (row.error?.exitCode ?? 0);
}

export function controlSocket(context: Context, row: ContainerRow): string {
  return join(context.paths.run, row.id, 'ctl');
}

function notRunning(row: ContainerRow): EngineError {
  return new EngineError('conflict', `container ${row.name} is not running`, {
    subject: row.name,
    hint: 'skiff ps -a shows what it is doing',
  });
}

function vanished(row: ContainerRow): EngineError {
  return new EngineError('notFound', `container ${row.name} was removed and left no exit code`, {
    subject: row.name,
  });
}
