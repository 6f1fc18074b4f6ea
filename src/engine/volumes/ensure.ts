import type { Context } from '../store/context.ts';
import { trashOf } from '../store/trash.ts';
import { deleteVolume } from '../store/volume-removal.ts';
import { haveVolumes, useVolumes } from '../store/volumes.ts';
import type { ImageTree } from './image-content.ts';
import { type ImageTrees, isFillable, isThere, mayHave } from './presence.ts';
import type { ResolvedVolume } from './resolve.ts';

/** Volumes that are there, for a container that is to be made. */
export interface EnsuredVolumes {
  /** False when one of them was removed meanwhile, or is another one by now. */
  areThere(): boolean;
  /** Notes that the container uses them. Call it in the transaction of its row, after the insertion. */
  use(containerId: string): void;
  /** Removes the anonymous ones that were made for a container which there will not be. */
  discard(): void;
}

/**
 * Makes the volumes of a container that are not there, and fills those that are empty with what its image has at their
 * targets, unless they are not to be copied to. One that is new is complete before it has its name; who wants the same one
 * waits meanwhile. Throws `unavailable` when something cannot be copied: a new one is not there then.
 */
export async function ensureVolumes(
  context: Context,
  volumes: readonly ResolvedVolume[],
  image: ImageTree,
): Promise<EnsuredVolumes> {
  const made: string[] = [];
  const discard = (): void => removeAnonymous(context, made);
  try {
    for (const volume of volumes) {
      if (await ensureVolume(context, volume, image)) made.push(volume.definition.name);
    }
  } catch (error) {
    discard();
    throw error;
  }
  const definitions = volumes.map(({ definition }) => definition);
  const names = definitions.map(({ name }) => name);
  return {
    areThere: () => haveVolumes(context.database, definitions),
    use: (id) => useVolumes(context.database, id, names),
    discard,
  };
}

function removeAnonymous(context: Context, names: readonly string[]): void {
  const { database } = context;
  database.transaction(() => {
    for (const name of names) deleteVolume(context, trashOf(context), name, { named: false });
  });
}

/** What a volume lacks before a container of an image with these layers can have it: itself, or what the image has there. */
export function lacksOf(
  context: Context,
  volume: ResolvedVolume,
  image: ImageTrees,
): { isMissing: boolean; isToBeFilled: boolean } {
  const wantsContent = !volume.noCopy && mayHave(context, image, volume.target);
  const isMissing = !isThere(context, volume.definition.name);
  return { isMissing, isToBeFilled: wantsContent && isFillable(volume) };
}

/** Whether it was made. */
async function ensureVolume(context: Context, volume: ResolvedVolume, image: ImageTree): Promise<boolean> {
  const { isMissing, isToBeFilled } = lacksOf(context, volume, image);
  if (!isMissing && !isToBeFilled) return false;
  const { makeVolume } = await import('./make.ts');
  return await makeVolume(context, volume, image, { wantsContent: isToBeFilled });
}
