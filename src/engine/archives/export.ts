import { archiveTree, wholeTree } from '../../storage/archive/read-tree.ts';
import { appendContainerEvent } from '../events/journal.ts';
import { type ContainerRow, containerById, noSuchContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { withContainerRoot } from './root.ts';

/** Where an export goes: a descriptor of this process, or whoever takes it bit by bit. */
export type ExportTarget = number | ((archive: AsyncIterable<Uint8Array>) => Promise<void>);

/**
 * Writes the root file system of a container as tar, whatever the container is doing, without what is
 * mounted in it. Owners are the container's. Throws `notFound`, `conflict` while another command starts it.
 */
export async function exportContainer(
  context: Context,
  row: ContainerRow,
  { to, signal }: { to: ExportTarget; signal?: AbortSignal | undefined },
): Promise<void> {
  await withContainerRoot(context, row, { access: 'read', mounts: false }, async ({ root, owners }) => {
    const options = { helper: context.helper, signal, owners };
    await (typeof to === 'number' ? archiveTree(root, to, options) : to(wholeTree(root, options)));
  });
  // Of one that was removed meanwhile some of it was missing.
  if (containerById(context.database, row.id) === undefined)
    throw noSuchContainer(context.database, row.name);
  appendContainerEvent(context, row, 'export');
}
