import type { Digest } from '../../oci/digest.ts';
import { dropFromCache } from '../build/prune-cache.ts';
import { pruneImages } from '../images/prune.ts';
import { pruneContainers } from '../lifecycle/prune.ts';
import { pruneNetworks } from '../networks/remove.ts';
import type { PruneFilters } from '../options/prune.ts';
import type { Context } from '../store/context.ts';
import { pruneVolumes } from '../volumes/remove.ts';
import { collectGarbage } from './garbage.ts';

export interface SystemPruneOptions {
  /** Not only images without a tag: all that no container was made of. */
  all: boolean;
  /** Also anonymous volumes that no container uses. */
  volumes: boolean;
}

/** What went at once: of images names and ids, of other things what Docker calls them by. */
export type PrunedPart =
  | {
      kind: 'containers' | 'networks' | 'volumes' | 'build cache';
      deleted: readonly string[];
      reclaimed: number;
    }
  | { kind: 'images'; untagged: readonly string[]; deleted: readonly Digest[]; reclaimed: number }
  | { kind: 'garbage'; reclaimed: number };

/**
 * Removes whatever nobody uses and fits the filters, users before what they use, and yields what went, part by part, with
 * the bytes that this has freed. Garbage goes first, so that it is not taken for a part of what follows, and last, as
 * layers may have been of a container only; no filter is about it.
 */
export async function* pruneSystem(
  context: Context,
  filters: PruneFilters,
  { all, volumes }: SystemPruneOptions,
): AsyncGenerator<PrunedPart> {
  yield { kind: 'garbage', reclaimed: await collectGarbage(context) };
  yield { kind: 'containers', ...(await pruneContainers(context, filters)) };
  yield { kind: 'networks', deleted: await pruneNetworks(context, filters), reclaimed: 0 };
  if (volumes) yield { kind: 'volumes', ...(await pruneVolumes(context, filters, { all: false })) };
  yield { kind: 'images', ...(await pruneImages(context, filters, { all })) };
  // It has no labels: as with Docker a filter by one is not about it.
  if (filters.labels === undefined || filters.labels.length === 0)
    yield {
      kind: 'build cache',
      deleted: await droppedKeys(context, { all, until: filters.until }),
      reclaimed: 0,
    };
  yield { kind: 'garbage', reclaimed: await collectGarbage(context) };
}

/** What they took is among the garbage then. */
async function droppedKeys(
  context: Context,
  options: { all: boolean; until: number | undefined },
): Promise<readonly string[]> {
  return (await dropFromCache(context, options)).deleted;
}
