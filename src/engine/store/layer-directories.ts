import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { type Digest, digestOf, hexOf } from '../../oci/digest.ts';
import type { OwnerMaps } from './containers.ts';
import type { Context, StorageDriver } from './context.ts';

type Store = Pick<Context, 'paths' | 'askedStorage'>;

/**
 * Says how a store makes root file systems, which was decided with its first layer (`decideStorageDriver`). Throws `conflict`
 * when it is asked to do it otherwise.
 */
export function storageDriver({ paths, askedStorage: asked }: Store): StorageDriver {
  const driver = existsSync(paths.wholeTrees) ? 'copy' : 'overlay';
  if (asked === undefined || asked === driver || !existsSync(paths.layers)) return driver;
  throw new EngineError(
    'conflict',
    `the store ${paths.root} has the storage driver ${driver}, not ${asked}`,
    {
      subject: paths.root,
      remedy:
        'its layers are made for that: leave SKIFF_STORAGE out, choose another --root, or begin anew with skiff system reset',
    },
  );
}

/**
 * The directories that a container's root is laid over, topmost first: of whole trees one is enough. `layers` are
 * chainIDs, bottom first. Throws as `storageDriver`.
 */
export function layerDirectories(
  store: Store,
  layers: readonly Digest[],
  maps: OwnerMaps | undefined,
  driver: StorageDriver = storageDriver(store),
): string[] {
  const home = store.paths.layers;
  if (driver === 'copy') return layers.slice(-1).map((chainID) => join(home, hexOf(chainID)));
  return layers.map((chainID) => join(home, layerName(chainID, maps))).reverse();
}

/**
 * Returns the name of a layer's directory: that of a copy with shifted owners ends in 8 digits of the digest of its
 * maps.
 */
export function layerName(chainID: Digest, maps: OwnerMaps | undefined): string {
  const hex = hexOf(chainID);
  if (maps === undefined || maps.idMapped) return hex;
  const text = [maps.uids, maps.gids].map((ranges) =>
    ranges.map(({ inside, outside, count }) => `${inside}:${outside}:${count}`).join(),
  );
  return `${hex}.${hexOf(digestOf(text.join(' '))).slice(0, 8)}`;
}
