import { appendContainerEvent } from '../events/journal.ts';
import { STARTS_KEPT } from '../options/snapshot.ts';
import { containerPaths } from '../store/container-paths.ts';
import { type ContainerRow, currentRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { inWorkspace } from '../store/workspace.ts';
import { copyUpper } from './copy.ts';
import { keepSnapshot } from './keep.ts';

/**
 * Keeps the files of a container that this very process is about to start, and with them as many of those before earlier
 * starts that there are `keep`. Throws as `copyError`.
 */
export async function snapshotBeforeStart(
  context: Context,
  container: Pick<ContainerRow, 'id' | 'name'>,
  keep: number = STARTS_KEPT,
): Promise<void> {
  const row = currentRow(context.database, container);
  const { upper } = containerPaths(context.paths, row.id);
  const snapshot = await inWorkspace(context, async (workspace) =>
    keepSnapshot(context, row, await copyUpper(context, workspace, upper), { kind: 'start', keep }),
  );
  appendContainerEvent(context, row, 'snapshot', { snapshot });
}
