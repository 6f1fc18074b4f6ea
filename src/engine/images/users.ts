import type { Digest } from '../../oci/digest.ts';
import { mountedImages } from '../options/mounts.ts';
import { statusOf } from '../state/status.ts';
import { allContainers, type ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';

/** A container that was made of an image, or mounts it. */
export interface ImageUser {
  row: ContainerRow;
  running: boolean;
  /** Nothing but the image's own row keeps the layers that it mounts. */
  mounts: boolean;
}

/** Returns the containers of the store that use an image, whatever they are doing. */
export function usersOfImage(context: Context, id: Digest): ImageUser[] {
  return allContainers(context.database).flatMap((row) => {
    const mounts = mountedImages(row.options.mounts).includes(id);
    if (row.imageId !== id && !mounts) return [];
    const { state } = statusOf(context, row);
    if (state === 'gone') return [];
    return [{ row, mounts, running: state === 'running' || state === 'restarting' || state === 'starting' }];
  });
}
