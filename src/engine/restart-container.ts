import { EngineError } from '../errors.ts';
import type { ContainerRow } from './container-store.ts';
import type { Context } from './context.ts';
import type { StopOptions } from './create-options.ts';
import { appendContainerEvent } from './event-journal.ts';
import { startDetached } from './start-existing.ts';
import { endContainer } from './stop-container.ts';

/**
 * Stops a container, if it runs, and starts it in the background. Throws what `stopContainer` and `startDetached` throw,
 * and `conflict` for one that goes with its end: there would be nothing to start.
 */
export async function restartContainer(
  context: Context,
  row: ContainerRow,
  request: StopOptions,
): Promise<void> {
  const ended = await endContainer(context, row, request, { whenRunning: () => refuseRemoved(row) });
  if (!ended && row.autoRemove) refuseRemoved(row);
  await startDetached(context, row);
  appendContainerEvent(context, row, 'restart');
}

function refuseRemoved({ name, autoRemove }: ContainerRow): void {
  if (!autoRemove) return;
  throw new EngineError(
    'conflict',
    `container ${name} cannot be restarted: it is removed when it ends (--rm)`,
    {
      subject: name,
      hint: 'run it without --rm',
    },
  );
}
