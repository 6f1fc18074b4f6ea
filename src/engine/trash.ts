import { join } from 'node:path';
import { Trash } from '../storage/trash.ts';
import { type ContainerId, deleteContainer } from './container-store.ts';
import type { Context } from './context.ts';
import { discardUnusedCopies } from './layer-copies.ts';

/** Where this store's things go that are deleted. */
export function trashOf(context: Context): Trash {
  return new Trash(context.paths.trash, context.helper);
}

/**
 * Deletes a container: its row and the name of its directory in one transaction, then the files, and the copies of
 * layers that it had for its id maps unless another container shares them.
 */
export async function discardContainer(context: Context, id: ContainerId): Promise<void> {
  const trash = trashOf(context);
  const { database, paths } = context;
  database.transaction(() => {
    const copies = database.get("SELECT 1 FROM container WHERE id = ? AND id_maps ->> '$.idMapped' = 0", id);
    deleteContainer(database, id);
    trash.take(join(paths.containers, id));
    if (copies !== undefined) discardUnusedCopies(context, trash);
  });
  await trash.empty();
}
