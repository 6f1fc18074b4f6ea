import { join } from 'node:path';
import { Trash } from '../storage/trash.ts';
import { type ContainerId, deleteContainer } from './container-store.ts';
import type { Context } from './context.ts';

/** Where this store's things go that are deleted. */
export function trashOf(context: Context): Trash {
  return new Trash(context.paths.trash, context.helper);
}

/** Deletes a container: its row and the name of its directory in one transaction, then the files. */
export async function discardContainer(context: Context, id: ContainerId): Promise<void> {
  const trash = trashOf(context);
  context.database.transaction(() => {
    deleteContainer(context.database, id);
    trash.take(join(context.paths.containers, id));
  });
  await trash.empty();
}
