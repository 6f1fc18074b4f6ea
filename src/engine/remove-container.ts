import { EngineError } from '../errors.ts';
import { requestStop } from '../runtime/monitor-client.ts';
import type { ContainerRow } from './container-store.ts';
import type { Context } from './context.ts';
import { thawForSignal } from './pause-container.ts';
import { observe } from './reconcile.ts';
import { controlSocket } from './stop-container.ts';
import { discardContainer } from './trash.ts';

const SIGKILL = 9;

/**
 * Removes a container: row, files and log. One that runs is killed first with `force`, else refused (`conflict`).
 * A `--rm` container may already be gone once it is killed: that is success.
 */
export async function removeContainer(
  context: Context,
  row: ContainerRow,
  { force }: { force: boolean },
): Promise<void> {
  const observed = await observe(context, row);
  if (observed === undefined) return;
  const { state } = observed.status;
  if (state === 'starting' || state === 'running') {
    if (!force) throw stillRunning(row);
    if (state === 'starting') throw starting(row);
    await requestStop(controlSocket(context, row), {
      signal: SIGKILL,
      timeoutMs: -1,
      whenAsked: () => thawForSignal(row),
    });
    if ((await observe(context, row)) === undefined) return;
  }
  await discardContainer(context, row.id);
}

function stillRunning(row: ContainerRow): EngineError {
  return new EngineError('conflict', `container ${row.name} is running`, {
    subject: row.name,
    hint: `stop it first (skiff stop ${row.name}) or kill and remove it with skiff rm -f ${row.name}`,
  });
}

function starting(row: ContainerRow): EngineError {
  return new EngineError('conflict', `container ${row.name} is being started by another command`, {
    subject: row.name,
    hint: 'try again in a moment',
  });
}
