import { join } from 'node:path';
import { allocatedSizes } from '../../host/tree-size.ts';
import { hexOf, isDigest } from '../../oci/digest.ts';
import { leasedResources } from '../store/blob-leases.ts';
import { type CacheEntry, cacheEntries } from '../store/build-cache.ts';
import type { Context } from '../store/context.ts';
import { layersInUse } from '../store/garbage.ts';

/** What the cache of builds has, and what that takes. */
export interface CacheUsage {
  entry: CacheEntry;
  /** Bytes that the file system has set aside for its layer or its directory. */
  size: number;
  /** A build that is under way uses it. */
  inUse: boolean;
  /** An image or a container has its layer, too: it stays without the cache. */
  shared: boolean;
}

/** Measures the cache of builds; what was used last comes first. Throws `unavailable` when something cannot be read. */
export async function cacheUsage(context: Context): Promise<CacheUsage[]> {
  const { database, helper, paths } = context;
  const { entries, leased, others } = database.transaction(() => ({
    entries: cacheEntries(database),
    leased: leasedResources(database),
    others: new Set(layersInUse(context.database)),
  }));
  const placed = entries.flatMap((entry) => {
    const path = placeOf(paths, entry);
    return path === undefined ? [] : [{ entry, path }];
  });
  const sizes = await allocatedSizes(
    helper,
    placed.map(({ path }) => path),
  );
  const sizeOf = new Map(placed.map(({ entry }, index) => [entry.key, sizes[index] ?? 0]));
  return entries.map((entry) => {
    const { key, layer } = entry;
    return {
      entry,
      size: sizeOf.get(key) ?? 0,
      inUse: leased.has(layer?.chainID ?? key),
      shared: layer !== undefined && others.has(layer.chainID),
    };
  });
}

/** What an entry is called in the words of BuildKit. */
export function cacheTypeOf({ kind }: CacheEntry): string {
  return kind === 'mount' ? 'exec.cachemount' : 'regular';
}

/** The directory of an entry; undefined: it has none, as one whose record is damaged and would lead anywhere. */
export function placeOf(
  { layers, buildCaches }: Context['paths'],
  { kind, key, layer }: CacheEntry,
): string | undefined {
  if (kind === 'mount') return isDigest(key) ? join(buildCaches, hexOf(key)) : undefined;
  return layer !== undefined && isDigest(layer.chainID) ? join(layers, hexOf(layer.chainID)) : undefined;
}
