import { join } from 'node:path';
import { allocatedTogether, freedSizes } from '../../host/tree-size.ts';
import { hexOf, isDigest } from '../../oci/digest.ts';
import { leasedResources } from '../store/blob-leases.ts';
import { type CacheEntry, cacheEntries } from '../store/build-cache.ts';
import type { Context } from '../store/context.ts';
import { layersInUse } from '../store/garbage.ts';

/** What the cache of builds has, and what that takes. */
export interface CacheUsage {
  entry: CacheEntry;
  /**
   * Bytes on the disk of its layer or its directory; of what can go those that are free then, each file once. What several entries
   * have in common counts for the one that was used last, as that is the last to go.
   */
  size: number;
  /** A build that is under way uses it. */
  inUse: boolean;
  /** An image or a container has its layer, too: it stays without the cache. */
  shared: boolean;
}

/** Measures the cache of builds; what was used last comes first. Throws `unavailable` when something cannot be read. */
export async function cacheUsage(context: Context): Promise<CacheUsage[]> {
  const { database, paths } = context;
  const { entries, leased, others } = database.transaction(() => ({
    entries: cacheEntries(database),
    leased: leasedResources(database),
    others: new Set(layersInUse(context.database)),
  }));
  const counted = new Set<string>();
  const found = entries.map((entry) => {
    const { key, layer } = entry;
    const place = placeOf(paths, entry);
    const path = place === undefined || counted.has(place) ? undefined : place;
    if (path !== undefined) counted.add(path);
    return {
      entry,
      path,
      inUse: leased.has(layer?.chainID ?? key),
      shared: layer !== undefined && others.has(layer.chainID),
    };
  });
  const sizes = await sizesOf(context, found);
  return found.map(({ path, ...usage }) => ({
    ...usage,
    size: path === undefined ? 0 : (sizes.get(path) ?? 0),
  }));
}

type Found = Omit<CacheUsage, 'size'> & { path: string | undefined };

/** By path. */
async function sizesOf({ helper }: Context, found: readonly Found[]): Promise<Map<string, number>> {
  const pathsOf = (some: readonly Found[]) => some.flatMap(({ path }) => path ?? []);
  const staying = pathsOf(found.filter((one) => !canGo(one)));
  // Whatever has the last name of a file frees it.
  const going = pathsOf(found.filter(canGo)).reverse();
  const [kept, freed] = await Promise.all([allocatedTogether(helper, staying), freedSizes(helper, going)]);
  const sizes = [...kept, ...freed];
  return new Map([...staying, ...going].map((path, index) => [path, sizes[index] ?? 0]));
}

function canGo({ inUse, shared }: Omit<CacheUsage, 'size'>): boolean {
  return !inUse && !shared;
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
