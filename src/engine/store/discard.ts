import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
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
  const { directory, runDir, upper } = containerPaths(context.paths, id);
  let limited: string | undefined;
  const discarded = database.transaction(() => {
    if (existsSync(runDir) || !isUnused()) return false;
    const has = database.get(
      "SELECT id_maps ->> '$.idMapped' AS mapped, options ->> '$.files.storageSize' AS size FROM container WHERE id = ?",
      id,
    );
    drop(context, id);
    const taken = trash.take(directory);
    if (taken !== undefined && typeof has?.['size'] === 'number') limited = join(taken, basename(upper));
    if (has?.['mapped'] === 0) discardUnusedCopies(context, trash);
    return true;
  });
  if (limited !== undefined) await releaseLimit(context, limited);
  if (discarded) await trash.empty();
  return discarded;
}

/** Its number is free once the last of its files is gone. */
async function releaseLimit({ helper }: Context, upper: string): Promise<void> {
  const { releaseQuota } = await import('../../storage/quota.ts');
  await releaseQuota(helper, upper);
}

function dropRow({ database }: Context, id: ContainerId): void {
  deleteContainer(database, id);
}
