import { setTimeout as delay } from 'node:timers/promises';
import { EngineError } from '../../errors.ts';
import { requestWait } from '../../runtime/monitor/client.ts';
import { type Observed, observeAnew } from '../state/observe.ts';
import { isUp, type Status } from '../state/status.ts';
import { containerPaths } from '../store/container-paths.ts';
import { type ContainerRow, lookUpContainer, noSuchContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { findDeparture } from '../store/departures.ts';

/**
 * The conditions that can be waited for: that a container does not run, that it ends the next time (it may still have
 * to start), that it is removed, or that it runs. Docker's API and Podman's command line have them, too.
 */
export type WaitCondition = 'stopped' | 'next-exit' | 'removed' | 'running';

/**
 * The interval of looking for what no record tells of: a monitor that is not there yet, or a row that is gone. As
 * Podman's.
 */
const INTERVAL_MS = 250;

/**
 * Waits for a condition of the container that is called so, and returns the exit code of the run that ended last; 0 when
 * there was none, as Docker has it, and for one that was removed meanwhile and left none. A `--rm` container that is
 * gone has left its code, so that a script may be slower than what it has started; Docker does not know it any more.
 * Throws `notFound` when there is none, or when it is removed and something else was waited for, `cancelled` when
 * `signal` aborts.
 */
export async function waitContainer(
  context: Context,
  name: string,
  condition: WaitCondition,
  signal?: AbortSignal,
): Promise<number> {
  const { database } = context;
  const row = lookUpContainer(database, name);
  if (row !== undefined) return await waitFor(context, row, condition, signal);
  const departure = findDeparture(database, name);
  const hasEnded = condition === 'stopped' || condition === 'removed';
  if (departure !== undefined && hasEnded) return departure.record.code;
  throw noSuchContainer(database, name);
}

async function waitFor(
  context: Context,
  row: ContainerRow,
  condition: WaitCondition,
  signal?: AbortSignal,
): Promise<number> {
  switch (condition) {
    case 'stopped':
      return await untilStopped(context, row, signal);
    case 'next-exit':
      return await untilNextExit(context, row, signal);
    case 'running':
      await untilRunning(context, row, signal);
      return 0;
    case 'removed':
      return await untilRemoved(context, row, signal);
  }
}

async function untilStopped(context: Context, row: ContainerRow, signal?: AbortSignal): Promise<number> {
  for (;;) {
    const observed = await observeAnew(context, row.id);
    if (observed === undefined) return codeLeft(context, row);
    const { state } = observed.status;
    if (state === 'created' || state === 'exited') return exitCodeOf(observed);
    const code = isUp(observed.status)
      ? await requestWait(containerPaths(context.paths, row.id).control, signal)
      : undefined;
    if (code !== undefined) return code;
    if (state === 'starting') await pause(context, row, signal);
  }
}

/** A run that was over before anybody saw it counts: its record is another one than that of the last run. */
async function untilNextExit(context: Context, row: ContainerRow, signal?: AbortSignal): Promise<number> {
  const found = await observeAnew(context, row.id);
  if (found === undefined) throw vanished(row);
  const before = found.status;
  for (;;) {
    const observed = await observeAnew(context, row.id);
    if (observed === undefined) return codeLeft(context, row);
    const { status } = observed;
    if (isUp(status)) {
      const code = await requestWait(containerPaths(context.paths, row.id).control, signal);
      if (code !== undefined) return code;
    } else if (status.state === 'exited' && !isSameEnd(status, before)) {
      return status.record.code;
    } else {
      await pause(context, row, signal);
    }
  }
}

function isSameEnd({ record }: Extract<Status, { state: 'exited' }>, before: Status): boolean {
  return before.state === 'exited' && before.record.finished === record.finished;
}

async function untilRunning(context: Context, row: ContainerRow, signal?: AbortSignal): Promise<void> {
  for (;;) {
    const observed = await observeAnew(context, row.id);
    if (observed === undefined) throw vanished(row);
    if (observed.status.state === 'running') return;
    await pause(context, row, signal);
  }
}

async function untilRemoved(context: Context, row: ContainerRow, signal?: AbortSignal): Promise<number> {
  let code = 0;
  for (;;) {
    const observed = await observeAnew(context, row.id);
    if (observed === undefined) return codeLeft(context, row, code);
    code = exitCodeOf(observed);
    if (isUp(observed.status))
      code = (await requestWait(containerPaths(context.paths, row.id).control, signal)) ?? code;
    else await pause(context, row, signal);
  }
}

/** Ends early when this very process has done something to the container. */
async function pause({ doings }: Context, { id }: ContainerRow, signal?: AbortSignal): Promise<void> {
  const done = new AbortController();
  try {
    await Promise.race([
      delay(INTERVAL_MS, undefined, {
        signal: signal ? AbortSignal.any([signal, done.signal]) : done.signal,
      }),
      doings.next(id, done.signal),
    ]);
  } catch (cause) {
    throw new EngineError('cancelled', 'interrupted while waiting for the container', { cause });
  } finally {
    done.abort();
  }
}

/**
 * Returns the exit code of a container whose row is gone by now; `fallback` when it has left none. Throws `notFound`
 * without that.
 */
function codeLeft({ database }: Context, row: ContainerRow, fallback?: number): number {
  const code = findDeparture(database, row.id)?.record.code ?? fallback;
  if (code === undefined) throw vanished(row);
  return code;
}

function exitCodeOf({ status, row }: Observed): number {
  return status.state === 'exited' ? status.record.code : (row.error?.exitCode ?? 0);
}

function vanished(row: ContainerRow): EngineError {
  return new EngineError('notFound', `container ${row.name} was removed and left no exit code`, {
    subject: row.name,
  });
}
