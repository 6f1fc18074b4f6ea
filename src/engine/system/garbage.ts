import { sweepTemporary } from '../../host/temporary.ts';
import { treeSizes } from '../../host/tree-size.ts';
import { sweepDeparted } from '../state/departures.ts';
import type { Context } from '../store/context.ts';
import { discardUnreferenced } from '../store/garbage.ts';
import { trashOf } from '../store/trash.ts';

/**
 * Deletes what nothing names and nobody alive is about to name: temporary files of commands that were killed, what waits in
 * the trash, blobs, layers and their copies, directories of volumes and snapshots. Returns the bytes in their files. Throws
 * `unavailable` for what cannot be deleted.
 */
export async function collectGarbage(context: Context): Promise<number> {
  const { helper, paths } = context;
  const trash = trashOf(context);
  sweepDeparted(context);
  discardUnreferenced(context, trash);
  sweepTemporary(paths.tmp, paths.trash);
  const [bytes = 0] = await treeSizes(helper, [paths.trash]);
  await trash.emptyForAll();
  return bytes;
}
