import { EngineError } from '../../errors.ts';
import { requestStop } from '../../runtime/monitor/client.ts';
import { SIGKILL } from '../../runtime/monitor/signals.ts';
import { appendContainerEvent } from '../events/journal.ts';
import { dropWithVolumes } from '../state/drop.ts';
import { settleContainer } from '../state/settle.ts';
import { isBeingStarted, isIdle, isUp } from '../state/status.ts';
import { requireUnwritten } from '../state/writers.ts';
import { containerPaths } from '../store/container-paths.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { discardContainer } from '../store/discard.ts';
import { thawForSignal } from './pause.ts';

/**
 * Removes a container: row, files and log. One that runs is killed first with `force`, else refused (`conflict`).
 * A `--rm` container may already be gone once it is killed: that is success. Its anonymous volumes go with `volumes`, and
 * with those that were to go at their end anyway.
 */
export async function removeContainer(
  context: Context,
  row: ContainerRow,
  { force, volumes = false }: { force: boolean; volumes?: boolean },
): Promise<void> {
  for (;;) {
    const observed = await settleContainer(context, row.id);
    if (observed === undefined) return;
    if (isUp(observed.status)) {
      if (!force) throw stillRunning(row);
      await killAndWait(context, row);
    } else if (observed.status.state === 'starting') {
      throw isBeingStarted(row.name);
    } else if (await discard(context, row, volumes || row.autoRemove)) {
      appendContainerEvent(context, observed.row, 'destroy');
      return;
    }
  }
}

function isUnused(context: Context, row: ContainerRow): boolean {
  requireUnwritten(context, row);
  return isIdle(context, row);
}

async function discard(context: Context, row: ContainerRow, volumes: boolean): Promise<boolean> {
  return await discardContainer(
    context,
    row.id,
    () => isUnused(context, row),
    ...(volumes ? [dropWithVolumes] : []),
  );
}

async function killAndWait(context: Context, row: ContainerRow): Promise<void> {
  await requestStop(containerPaths(context.paths, row.id).control, {
    signal: SIGKILL,
    timeoutMs: -1,
    whenAsked: () => thawForSignal(row),
  });
}

function stillRunning(row: ContainerRow): EngineError {
  return new EngineError('conflict', `container ${row.name} is running`, {
    subject: row.name,
    failure: 'running',
    object: row.id,
    remedy: `stop it first (skiff stop ${row.name}) or kill and remove it with skiff rm -f ${row.name}`,
  });
}
