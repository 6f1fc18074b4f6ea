import { existsSync, rmSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { runProgram } from '../../host/run-program.ts';
import { EXIT_CODE_UNKNOWN } from '../../runtime/monitor/records.ts';
import { containerPaths } from '../store/container-paths.ts';
import { type ContainerRow, containerById, noSuchContainer, recordEnd } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { discardContainer } from '../store/discard.ts';
import { dropDeparted } from './departures.ts';
import { dropWithVolumes } from './drop.ts';
import { isNotRunning, isRestarting, type Status, starterLives, statusOf } from './status.ts';

/** A container as far as it still exists, with what it is doing now. */
export interface Observed {
  row: ContainerRow;
  status: Settled;
}

/** A status that needs no cleaning up. */
export type Settled = Extract<
  Status,
  { state: 'created' | 'starting' | 'running' | 'restarting' | 'exited' }
>;

/**
 * Looks at one container and puts right what a crash left: cleans up after a killed monitor, notes the end of what a
 * reboot took, drops the row of what is gone. Undefined: the container no longer exists.
 */
export async function observe(context: Context, row: ContainerRow): Promise<Observed | undefined> {
  const status = statusOf(context, row);
  switch (status.state) {
    case 'gone':
      dropDeparted(context, row.id);
      return undefined;
    case 'orphaned':
      return (await cleanUp(context, row)) ? await settled(context, row) : await observeAnew(context, row.id);
    case 'lost':
      return await noteLoss(context, row);
    case 'exited':
      if (row.autoRemove) return await keptByRestart(context, row, status);
      noteEnd(context, row);
      return { row, status };
    default:
      return { row, status };
  }
}

/** Returns what a container is doing; throws `notFound` when it no longer exists, saying how a `--rm` one ended. */
export async function observed(context: Context, row: ContainerRow): Promise<Observed> {
  const now = await observe(context, row);
  if (now === undefined) throw noSuchContainer(context.database, row.name);
  return now;
}

/** A container that runs. */
export interface ObservedRunning extends Observed {
  status: Extract<Settled, { state: 'running' }>;
}

/**
 * Returns a container that has to run: throws `conflict` when it does not, also while it waits to be started again, and
 * `notFound` when it no longer exists.
 */
export async function running(context: Context, row: ContainerRow): Promise<ObservedRunning> {
  const { row: current, status } = await observed(context, row);
  if (status.state === 'running') return { row: current, status };
  throw status.state === 'restarting' ? isRestarting(current.name) : isNotRunning(current);
}

/** Returns what a container is doing, as `observe`, with the row as it is now; undefined also when the row is gone. */
export async function observeAnew(context: Context, id: string): Promise<Observed | undefined> {
  const row = containerById(context.database, id);
  return row === undefined ? undefined : await observe(context, row);
}

/** After a clean-up: exited, or gone with `--rm`; a plan that never got as far as a process is only created. */
async function settled(context: Context, row: ContainerRow): Promise<Observed | undefined> {
  const status = statusOf(context, row);
  if (status.state === 'orphaned') return { row, status: { state: 'created' } };
  return await observe(context, row);
}

/**
 * A `--rm` container whose files are there after its end: its monitor is just about to remove them, or has left them to
 * the command that starts it again. If that was killed nobody is left to remove them.
 */
async function keptByRestart(
  context: Context,
  row: ContainerRow,
  status: Extract<Settled, { state: 'exited' }>,
): Promise<Observed | undefined> {
  const isKept = (): boolean => existsSync(containerPaths(context.paths, row.id).runDir) || starterLives(row);
  if (isKept()) return { row, status };
  const isUnused = (): boolean => {
    const current = containerById(context.database, row.id);
    return current !== undefined && statusOf(context, current).state === 'exited' && !starterLives(current);
  };
  const discarded = await discardContainer(context, row.id, isUnused, dropWithVolumes);
  return discarded ? undefined : await observeAnew(context, row.id);
}

/** Keeps how a run ended in its row, once nothing of it is left. Somebody may have started it again since it was seen. */
function noteEnd(context: Context, { id, starter, ended }: ContainerRow): void {
  if ((starter === undefined && ended !== undefined) || existsSync(containerPaths(context.paths, id).runDir))
    return;
  const { database } = context;
  database.transaction(() => {
    const current = containerById(database, id);
    const status = current && statusOf(context, current);
    if (status?.state === 'exited') recordEnd(database, id, status.record);
  });
}

/** A `--rm` container goes with its end, also when nobody was there to see it. */
async function noteLoss(context: Context, row: ContainerRow): Promise<Observed | undefined> {
  const isLost = (): boolean => {
    const current = containerById(context.database, row.id);
    return current !== undefined && statusOf(context, current).state === 'lost';
  };
  if (row.autoRemove) {
    const discarded = await discardContainer(context, row.id, isLost, dropWithVolumes);
    return discarded ? undefined : await observeAnew(context, row.id);
  }
  const record = { code: EXIT_CODE_UNKNOWN, oom: false, started: row.createdAt, finished: Date.now() };
  const { database } = context;
  const isStill = database.transaction(() => {
    if (!isLost()) return false;
    recordEnd(database, row.id, record);
    return true;
  });
  if (!isStill) return await observeAnew(context, row.id);
  return { row: { ...row, ended: record, starter: undefined }, status: { state: 'exited', record } };
}

/** The helper's exit status for a plan whose monitor lives (native/monitor/cleanup.c). */
const ATTENDED = 3;

/**
 * Performs the teardown of a plan whose monitor died (helper verb `cleanup`); harmless when another command does too.
 * Without a plan nothing was ever started. False: its monitor lives, as it had just not told of itself yet: whoever asked
 * for the start was killed meanwhile.
 */
export async function cleanUp(
  context: Pick<Context, 'helper' | 'paths'>,
  row: { id: string; name: string },
): Promise<boolean> {
  const { runDir, plan, state } = containerPaths(context.paths, row.id);
  if (!existsSync(plan)) {
    rmSync(runDir, { recursive: true, force: true });
    return true;
  }
  const { code, stderr } = await runProgram(context.helper, ['cleanup', plan]);
  if (code === 0) return true;
  if (code === ATTENDED && existsSync(state)) return false;
  throw new EngineError('unavailable', `cannot clean up after container ${row.name}: ${stderr}`, {
    subject: row.name,
  });
}
