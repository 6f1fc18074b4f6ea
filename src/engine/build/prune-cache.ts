import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, hexOf } from '../../oci/digest.ts';
import type { Trash } from '../../storage/trash.ts';
import { appendEvent } from '../events/journal.ts';
import { removeAbandonedSteps } from '../lifecycle/steps.ts';
import type { CacheLimits, CachePruneFilters } from '../options/prune.ts';
import { leasedResources } from '../store/blob-leases.ts';
import { cacheEntry, deleteCacheEntry } from '../store/build-cache.ts';
import type { Context } from '../store/context.ts';
import { discardUnreferenced, referencedLayers } from '../store/garbage.ts';
import { trashOf } from '../store/trash.ts';
import { type CacheUsage, cacheTypeOf, cacheUsage, placeOf } from './cache-usage.ts';

/** What of the cache of builds is to go: with limits what was not used for longest, until they hold. */
export interface PruneCacheOptions extends CachePruneFilters, CacheLimits {
  /** Also what images and containers have, too: it is not found again, and nothing is freed. */
  all: boolean;
}

/** What went. */
export interface PrunedCache {
  /** Keys. */
  deleted: Digest[];
  /** Bytes that this has freed. */
  reclaimed: number;
}

/** Removes what no build that is under way uses from the cache of builds. Throws as `cacheUsage`. */
export async function pruneCache(context: Context, options: PruneCacheOptions): Promise<PrunedCache> {
  await removeAbandonedSteps(context);
  const trash = trashOf(context);
  const pruned = await dropFromCache(context, options, trash);
  discardUnreferenced(context, trash);
  await trash.empty();
  return pruned;
}

/** The same for whoever collects garbage afterwards: layers stay until then, and directories wait in the trash. */
export async function dropFromCache(
  context: Context,
  options: PruneCacheOptions,
  trash: Trash = trashOf(context),
): Promise<PrunedCache> {
  const { database, paths } = context;
  const usages = await cacheUsage(context);
  const candidates = usages.filter(
    (usage) => (options.all || !usage.shared) && fitsCacheFilters(usage, options),
  );
  const { bavail, bsize } = await statfs(paths.root);
  const total = usages.reduce((sum, { size, shared }) => sum + (shared ? 0 : size), 0);
  const kept = bytesKept(options, { total, free: bavail * bsize });
  const chosen = kept === undefined ? candidates : beyond(candidates, total, kept);
  const pruned: PrunedCache = { deleted: [], reclaimed: 0 };
  const places = new Set<string | undefined>();
  for (const { entry } of chosen) {
    const { key, kind, layer, usedAt } = entry;
    const isGone = database.transaction(() => {
      const leased = leasedResources(database);
      const now = cacheEntry(database, key);
      if (now === undefined || now.usedAt !== usedAt || leased.has(layer?.chainID ?? key)) return false;
      const directory = kind === 'mount' ? placeOf(paths, entry) : undefined;
      if (directory !== undefined) trash.take(directory);
      return deleteCacheEntry(database, key);
    });
    if (!isGone) continue;
    pruned.deleted.push(key);
    places.add(placeOf(paths, entry));
  }
  // Others may have the same layer.
  for (const chainID of referencedLayers(database))
    places.delete(join(paths.layers, hexOf(chainID as Digest)));
  for (const { entry, size } of usages) if (places.has(placeOf(paths, entry))) pruned.reclaimed += size;
  // Read anew, all of it is known again.
  trash.take(paths.knownFiles);
  const attributes = { reclaimed: String(pruned.reclaimed) };
  appendEvent(context, { type: 'builder', action: 'prune', id: '', attributes });
  return pruned;
}

/** Whether an entry is among those that are meant. */
export function fitsCacheFilters(
  { entry, inUse, shared }: CacheUsage,
  { until, id, type, description, ...wanted }: CachePruneFilters,
): boolean {
  return (
    (until === undefined || entry.usedAt < until) &&
    (id === undefined || entry.key.includes(id)) &&
    (type === undefined || cacheTypeOf(entry) === type) &&
    (description === undefined || entry.description === description) &&
    (wanted.inUse === undefined || wanted.inUse === inUse) &&
    (wanted.shared === undefined || wanted.shared === shared)
  );
}

/**
 * How much of a cache of `total` bytes stays where `free` are free, as BuildKit counts; undefined: the limits do not say. What has
 * to be freed takes away from the most that may stay, and nothing takes away from what is reserved.
 */
export function bytesKept(
  { reserved = 0, most = 0, free: wanted = 0 }: CacheLimits,
  { total, free }: { total: number; free: number },
): number | undefined {
  if (reserved === 0 && most === 0 && wanted === 0) return undefined;
  // Where it is about free space alone, and there is enough, all may stay.
  const allowed = most !== 0 ? most : wanted !== 0 ? total : 0;
  const excess = Math.max(0, wanted - free);
  return Math.max(reserved, excess === 0 ? allowed : Math.min(allowed, total - excess));
}

/** Those that have to go until no more is left, the one that was not used for longest first. */
function beyond(candidates: readonly CacheUsage[], total: number, kept: number): CacheUsage[] {
  let left = total;
  return candidates.toReversed().filter(({ size, shared }) => {
    if (left <= kept) return false;
    left -= shared ? 0 : size;
    return true;
  });
}
