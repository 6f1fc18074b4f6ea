import { requestKeep } from '../runtime/monitor-client.ts';
import { type ContainerRow, recordStarter } from './container-store.ts';
import type { Context } from './context.ts';
import { ownIdentity } from './create-container.ts';
import type { StopOptions } from './create-options.ts';
import { appendContainerEvent } from './event-journal.ts';
import { startDetached } from './start-existing.ts';
import { controlSocket, endContainer } from './stop-container.ts';

/**
 * Stops a container, if it runs, and starts it in the background. One that is removed when it ends stays, as in Docker:
 * this is not the end. Throws what `endContainer` and `startDetached` throw.
 */
export async function restartContainer(
  context: Context,
  row: ContainerRow,
  request: StopOptions,
): Promise<void> {
  await endContainer(context, row, request, { whenRunning: () => keepFiles(context, row) });
  await startDetached(context, row);
  appendContainerEvent(context, row, 'restart');
}

/** Should this process be killed before it has started the container again, whoever looks next removes it. */
async function keepFiles(context: Context, row: ContainerRow): Promise<void> {
  if (!row.autoRemove) return;
  recordStarter(context.database, row.id, ownIdentity());
  await requestKeep(controlSocket(context, row));
}
