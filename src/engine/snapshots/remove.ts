import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import {
  deleteSnapshot,
  discardAbandonedSnapshots,
  findSnapshot,
  noSuchSnapshot,
} from '../store/snapshots.ts';
import { trashOf } from '../store/trash.ts';
import { settleUndoes } from './settle.ts';

/** Removes a snapshot, and what it alone has on the disk. Throws `notFound`. */
export async function removeSnapshot(context: Context, row: ContainerRow, name: string): Promise<void> {
  settleUndoes(context);
  findSnapshot(context, row, name);
  // First the row, for good: a row without its files would be worse than files without a row.
  const deleted = context.database.durableTransaction(() => deleteSnapshot(context, row.id, name));
  if (!deleted) throw noSuchSnapshot(row, name);
  const trash = trashOf(context);
  discardAbandonedSnapshots(context, row.id, trash);
  await trash.empty();
}
