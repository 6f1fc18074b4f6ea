import { isAlive, type ProcessIdentity } from '../../host/process.ts';
import { requestLock } from '../../runtime/monitor/client.ts';
import { containerPaths } from '../store/container-paths.ts';
import { type ContainerRow, containerById, currentRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { type Observed, observed, type Settled } from './observe.ts';
import { isBeingStarted, isUp, statusOf } from './status.ts';

/** A container with a monitor: it runs, or waits to be started again. */
export interface RunningContainer extends Observed {
  status: Extract<Settled, { state: 'running' | 'restarting' }>;
}

/** A change of a container by a command: what it does depends on whether the container runs. */
export interface ContainerChange<T> {
  /** Called in a transaction that has made sure that nobody runs or starts it, with its row as it is now. Must not wait. */
  whenIdle(row: ContainerRow): T;
  /**
   * Called while no other command that asks for the lock changes this container. Its run may end, or be the next one,
   * at any moment: what is written goes through `inRun`, and whatever is thrown then counts only if the run goes on.
   */
  whenRunning(container: RunningContainer): Promise<T>;
  /** The container is paused for the time of the change alone: it goes on afterwards, also if this process is killed. */
  thaws?: boolean | undefined;
}

/**
 * Changes a container under a lock of its own. One that runs has it in its monitor: held by a connection, so it ends with
 * whoever holds it, and with the run. One that does not run needs none: all of the change is one transaction, as the
 * claim of its start is. Should it begin or end to run meanwhile, it is looked at again. Throws `notFound` once it is
 * removed, `conflict` while another command starts it.
 */
export async function changeContainer<T>(
  context: Context,
  row: Pick<ContainerRow, 'id' | 'name'>,
  change: ContainerChange<T>,
): Promise<T> {
  for (;;) {
    const container = await observed(context, currentRow(context.database, row));
    if (container.status.state === 'starting') throw isBeingStarted(row.name);
    const done = isRunning(container)
      ? await changeRunning(context, container, change)
      : changeIdle(context, container.row, change);
    if (done !== undefined) return done.result;
  }
}

/** Runs `body` in a transaction, with the row as it is now, if this is still the container's run. Throws `RunIsOver`. */
export function inRun<T>(context: Context, container: RunningContainer, body: (row: ContainerRow) => T): T {
  return context.database.transaction(() => {
    const current = containerById(context.database, container.row.id);
    if (current === undefined || !isSameRun(context, container, current)) throw new RunIsOver();
    return body(current);
  });
}

/** The container as it is now, if the monitor of its run still lives, which may have started it again. */
export function sameMonitor(
  context: Context,
  { row, status }: RunningContainer,
): RunningContainer | undefined {
  const now = runningNow(context, row.id);
  return now !== undefined && sameProcess(now.status.record.monitor, status.record.monitor) ? now : undefined;
}

/**
 * Thrown when the run that was to be changed has ended, or another one has begun: the container is to be looked at once
 * more.
 */
class RunIsOver extends Error {
  constructor() {
    super('the run of the container is over');
  }
}

interface Done<T> {
  result: T;
}

/** Changes a container that is idle; undefined: somebody has started it, or its files are gone. */
function changeIdle<T>(
  context: Context,
  row: ContainerRow,
  { whenIdle }: ContainerChange<T>,
): Done<T> | undefined {
  return context.database.transaction(() => {
    const current = currentRow(context.database, row);
    const { state } = statusOf(context, current);
    return state === 'created' || state === 'exited' ? { result: whenIdle(current) } : undefined;
  });
}

/** Changes a container that runs; undefined: the run has ended before it was changed, or while. */
async function changeRunning<T>(
  context: Context,
  { row }: RunningContainer,
  { whenRunning, thaws }: ContainerChange<T>,
): Promise<Done<T> | undefined> {
  const release = await requestLock(containerPaths(context.paths, row.id).control, { thaws });
  if (release === undefined) return undefined;
  try {
    const container = runningNow(context, row.id);
    return container && (await whileItRuns(context, container, whenRunning));
  } finally {
    release();
  }
}

function runningNow(context: Context, id: string): RunningContainer | undefined {
  const row = containerById(context.database, id);
  const status = row && statusOf(context, row);
  return row !== undefined && status !== undefined && isUp(status) ? { row, status } : undefined;
}

/** Undefined: what failed did so, or may have, because the run has ended. */
async function whileItRuns<T>(
  context: Context,
  container: RunningContainer,
  body: (container: RunningContainer) => Promise<T>,
): Promise<Done<T> | undefined> {
  try {
    return { result: await body(container) };
  } catch (error) {
    const row = containerById(context.database, container.row.id);
    if (!(error instanceof RunIsOver) && row && isSameRun(context, container, row)) throw error;
    return undefined;
  }
}

/** A first process that is dead is one whose monitor is about to say so. */
function isSameRun(context: Context, { status }: RunningContainer, row: ContainerRow): boolean {
  const now = statusOf(context, row);
  if (now.state !== status.state || JSON.stringify(now.record) !== JSON.stringify(status.record))
    return false;
  return now.state === 'restarting' || isAlive(now.record.init);
}

function sameProcess(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return one.pid === other.pid && one.startTime === other.startTime;
}

function isRunning(observed: Observed): observed is RunningContainer {
  return isUp(observed.status);
}
