import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from '../../host/missing.ts';
import type { Digest } from '../../oci/digest.ts';
import { localMount } from '../../volume/local-driver.ts';
import type { Context } from '../store/context.ts';
import { layerDirectories } from '../store/layer-directories.ts';
import { volumeByName } from '../store/volumes.ts';
import type { ResolvedVolume } from './resolve.ts';

/** Whether a volume has its row and its directory. */
export function isThere({ database, paths }: Context, name: string): boolean {
  return volumeByName(database, name) !== undefined && existsSync(join(paths.volumes, name));
}

/** A file system that is mounted for a container begins with what it has. */
export function isFillable({ definition: { options }, source }: ResolvedVolume): boolean {
  return localMount(options)?.kind !== 'file-system' && namesIn(source).length === 0;
}

type Store = Pick<Context, 'paths' | 'askedStorage'>;

/** Where the files of an image are. */
export interface ImageTrees {
  /** chainIDs, bottom first. */
  layers: readonly Digest[];
  /** A directory of the host that the container has in the place of an image; absent: none. */
  directory?: string | undefined;
}

/** Topmost first. */
export function treesOf(context: Store, { layers, directory }: ImageTrees): string[] {
  return directory === undefined ? layerDirectories(context, layers, undefined) : [directory];
}

/**
 * Whether an image may have something at a path: false is certain. Looks at its layers from outside, where a link leads
 * elsewhere than in a container: behind one there may be anything.
 */
export function mayHave(context: Store, image: ImageTrees, path: string): boolean {
  const names = path.split('/').filter((name) => name !== '');
  return treesOf(context, image).some((layer) => {
    let at = layer;
    for (const name of names) {
      at = `${at}/${name}`;
      const entry = lstatSync(at, { throwIfNoEntry: false });
      if (entry === undefined) return false;
      if (!entry.isDirectory()) return true;
    }
    return true;
  });
}
