import { appendVolumeEvent } from '../events/volume.ts';
import { deleteContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { trashOf } from '../store/trash.ts';
import { deleteVolume, volumesOf } from '../store/volume-removal.ts';

/**
 * Deletes the row of a container, and the volumes that nobody has named and that no other container uses; their directories
 * go into the trash. Call it in a transaction.
 */
export function dropWithVolumes(context: Context, id: string): void {
  const { database } = context;
  const volumes = volumesOf(database, id);
  deleteContainer(database, id);
  for (const name of volumes) {
    if (!deleteVolume(context, trashOf(context), name, { named: false })) continue;
    database.whenCommitted(() => appendVolumeEvent(context, name, 'destroy'));
  }
}
