import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../../host/lock.ts';
import { syncDirectory } from '../../host/sync-directory.ts';
import type { Digest } from '../../oci/digest.ts';
import { copyLayer } from '../../storage/layer/copy.ts';
import type { OwnerMaps } from './containers.ts';
import type { Context } from './context.ts';
import { discardUnusedCopies } from './layer-copies.ts';
import { layerName } from './layer-directories.ts';
import { trashOf } from './trash.ts';
import { inWorkspace } from './workspace.ts';

/** The layers (chainIDs) that are wanted, and the id maps that their owners are shifted by. */
export interface WantedCopies {
  layers: readonly Digest[];
  maps: OwnerMaps;
}

/**
 * Makes the copies of layers that a container stands on where the kernel cannot show them through its id maps; those
 * that are there are taken as they are, and those that nobody uses any more make room. The container's row must be
 * there already: it keeps its copies from being collected.
 */
export async function makeShiftedLayers(context: Context, { layers, maps }: WantedCopies): Promise<void> {
  const missing = layers.filter((chainID) => !isThere(context, layerName(chainID, maps)));
  if (missing.length === 0) return;
  await inWorkspace(context, async ({ tmp }) => {
    context.database.transaction(() => discardUnusedCopies(context, trashOf(context)));
    for (const chainID of missing) await makeCopy(context, { chainID, maps, tmp: tmp() });
  });
}

/** Makes a copy of a layer. Several processes that want the same one do the work once, under its lock. */
async function makeCopy(
  context: Context,
  { chainID, maps, tmp }: { chainID: Digest; maps: OwnerMaps; tmp: string },
): Promise<void> {
  const { helper, paths } = context;
  const name = layerName(chainID, maps);
  await withLock(helper, join(paths.locks, name), async () => {
    if (isThere(context, name)) return;
    const draft = join(tmp, name);
    const from = join(paths.layers, layerName(chainID, undefined));
    await copyLayer(helper, { from, to: draft, maps, sync: true });
    renameSync(draft, join(paths.layers, name));
    syncDirectory(paths.layers);
  });
}

function isThere({ paths }: Context, name: string): boolean {
  return existsSync(join(paths.layers, name));
}
