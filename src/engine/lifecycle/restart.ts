import { formatIdentity, ownIdentity } from '../../host/process.ts';
import { requestKeep } from '../../runtime/monitor/client.ts';
import { appendContainerEvent } from '../events/journal.ts';
import type { StopOptions } from '../options/create.ts';
import { containerPaths } from '../store/container-paths.ts';
import { type ContainerRow, recordStarter } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { leaveStart, startDetached } from './start.ts';
import { endContainer } from './stop.ts';

/**
 * Stops a container, if it runs, and starts it in the background. One that is removed when it ends stays, as in Docker:
 * this is not the end. Throws what `endContainer` and `startDetached` throw.
 */
export async function restartContainer(
  context: Context,
  row: ContainerRow,
  request: StopOptions,
): Promise<void> {
  let isKept = false;
  const whenRunning = async () => {
    isKept = row.autoRemove;
    if (isKept) await keepFiles(context, row);
  };
  try {
    await endContainer(context, row, request, { whenRunning });
    await startDetached(context, row);
  } catch (error) {
    if (isKept) leaveStart(context, row);
    throw error;
  }
  appendContainerEvent(context, row, 'restart');
}

/**
 * Keeps the files of a `--rm` container at this end. Should this process be killed before it has started the container
 * again, whoever looks next removes it.
 */
async function keepFiles(context: Context, row: ContainerRow): Promise<void> {
  recordStarter(context.database, row.id, formatIdentity(ownIdentity()));
  await requestKeep(containerPaths(context.paths, row.id).control);
}
