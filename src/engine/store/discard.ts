import { existsSync } from 'node:fs';
import { containerPaths } from './container-paths.ts';
import { type ContainerId, deleteContainer } from './containers.ts';
import type { Context } from './context.ts';
import { discardUnusedCopies } from './layer-copies.ts';
import { trashOf } from './trash.ts';

/**
 * Deletes a container: its row and the name of its directory in one transaction, then the files, and the copies of
 * layers that it had for its id maps unless another container shares them. `isUnused` is asked in the transaction, which
 * whoever starts a container takes, too: when it says no, or something of a run is left, the answer is false and nothing
 * was done. Its row is what makes somebody complete the teardown. `drop` deletes the row, and what is to go with it.
 */
export async function discardContainer(
  context: Context,
  id: ContainerId,
  isUnused: () => boolean,
  drop: (context: Context, id: ContainerId) => void = dropRow,
): Promise<boolean> {
  const trash = trashOf(context);
  const { database } = context;
  const { directory, runDir } = containerPaths(context.paths, id);
  const discarded = database.transaction(() => {
    if (existsSync(runDir) || !isUnused()) return false;
    const copies = database.get("SELECT 1 FROM container WHERE id = ? AND id_maps ->> '$.idMapped' = 0", id);
    drop(context, id);
    trash.take(directory);
    if (copies !== undefined) discardUnusedCopies(context, trash);
    return true;
  });
  if (discarded) await trash.empty();
  return discarded;
}

function dropRow({ database }: Context, id: ContainerId): void {
  deleteContainer(database, id);
}
