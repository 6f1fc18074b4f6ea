import { join } from 'node:path';
import type { StorePaths } from '../../host/paths.ts';
import { type Digest, digestOf, hexOf } from '../../oci/digest.ts';
import type { OwnerMaps } from './containers.ts';

/** The directories that a container's root is laid over, topmost first. `layers` are chainIDs, bottom first. */
export function layerDirectories(
  { layers: home }: StorePaths,
  layers: readonly Digest[],
  maps: OwnerMaps | undefined,
): string[] {
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
