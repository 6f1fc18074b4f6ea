import { archiveTree } from '../../storage/archive/read-tree.ts';
import { appendContainerEvent } from '../events/journal.ts';
import { type ContainerRow, containerById, noSuchContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { withContainerRoot } from './root.ts';

/**
 * Writes the root file system of a container as tar to a descriptor, whatever the container is doing, without what is
 * mounted in it. Owners are the container's. Throws `notFound`, `conflict` while another command starts it.
 */
export async function exportContainer(
  context: Context,
  row: ContainerRow,
  { descriptor, signal }: { descriptor: number; signal?: AbortSignal | undefined },
): Promise<void> {
  await withContainerRoot(context, row, { access: 'read', mounts: false }, async ({ root, owners }) => {
    await archiveTree(root, descriptor, { helper: context.helper, signal, owners });
  });
  // Of one that was removed meanwhile some of it was missing.
  if (containerById(context.database, row.id) === undefined)
    throw noSuchContainer(context.database, row.name);
  appendContainerEvent(context, row, 'export');
}
