import { join } from 'node:path';
import { type Digest, hexOf } from '../../oci/digest.ts';
import type { Trash } from '../../storage/trash.ts';
import { appendEvent } from '../events/journal.ts';
import { removeAbandonedSteps } from '../lifecycle/steps.ts';
import { leasedResources } from '../store/blob-leases.ts';
import { cacheEntry, deleteCacheEntry } from '../store/build-cache.ts';
import type { Context } from '../store/context.ts';
import { discardUnreferenced } from '../store/garbage.ts';
import { trashOf } from '../store/trash.ts';
import { type CacheUsage, cacheUsage } from './cache-usage.ts';

/** What of the cache of builds is to go. */
export interface PruneCacheOptions {
  /** Also what images and containers have, too: it is not found again, and nothing is freed. */
  all: boolean;
  /** ms since the epoch: only what was not used since. */
  until?: number | undefined;
  /** Bytes: what was not used for longest goes, until no more than this is left. */
  keepStorage?: number | undefined;
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
  { all, until, keepStorage }: PruneCacheOptions,
  trash: Trash = trashOf(context),
): Promise<PrunedCache> {
  const { database, paths } = context;
  const usages = await cacheUsage(context);
  const candidates = usages.filter(
    ({ entry, shared }) => (all || !shared) && (until === undefined || entry.usedAt < until),
  );
  const chosen = keepStorage === undefined ? candidates : beyond(usages, candidates, keepStorage);
  const pruned: PrunedCache = { deleted: [], reclaimed: 0 };
  for (const { entry, size, shared } of chosen) {
    const { key, kind, layer, usedAt } = entry;
    const isGone = database.transaction(() => {
      const leased = leasedResources(database);
      const now = cacheEntry(database, key);
      if (now === undefined || now.usedAt !== usedAt || leased.has(layer?.chainID ?? key)) return false;
      if (kind === 'mount') trash.take(join(paths.buildCaches, hexOf(key)));
      return deleteCacheEntry(database, key);
    });
    if (!isGone) continue;
    pruned.deleted.push(key);
    if (!shared) pruned.reclaimed += size;
  }
  // Read anew, all of it is known again.
  trash.take(paths.knownFiles);
  const attributes = { reclaimed: String(pruned.reclaimed) };
  appendEvent(context, { type: 'builder', action: 'prune', id: '', attributes });
  return pruned;
}

/** Those that have to go until the whole cache is small enough, the one that was not used for longest first. */
function beyond(
  all: readonly CacheUsage[],
  candidates: readonly CacheUsage[],
  keepStorage: number,
): CacheUsage[] {
  let left = all.reduce((sum, { size, shared }) => sum + (shared ? 0 : size), 0);
  return candidates.toReversed().filter(({ size, shared }) => {
    if (left <= keepStorage) return false;
    left -= shared ? 0 : size;
    return true;
  });
}
