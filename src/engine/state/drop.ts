import { appendVolumeEvent } from '../events/volume.ts';
import { deleteContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { trashOf } from '../store/trash.ts';
import { anonymousVolumesOf, deleteVolume } from '../store/volumes.ts';

/**
 * Deletes the row of a container, and the volumes that nobody has named and that no other container uses; their directories
 * go into the trash. Call it in a transaction.
 */
export function dropWithVolumes(context: Context, id: string): void {
  const { database } = context;
  const volumes = anonymousVolumesOf(database, id);
  deleteContainer(database, id);
  for (const name of volumes) {
    deleteVolume(context, trashOf(context), name);
    database.whenCommitted(() => appendVolumeEvent(context, name, 'destroy'));
  }
}
