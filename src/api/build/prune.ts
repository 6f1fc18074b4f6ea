import type { CachePruneFilters } from '../../engine/options/prune.ts';
import { EngineError } from '../../errors.ts';
import type { Filters } from '../../grammar/filters.ts';
import { collectCachePruneFilter } from '../../grammar/prune-filters.ts';
import type { Call } from '../http/call.ts';

/** BuildPrune. `reserved-space` is the newer name of `keep-storage`. */
export async function pruneBuildCache({ engine, query, reply }: Call): Promise<void> {
  const { deleted, reclaimed } = await engine.builder.prune({
    all: query.flag('all'),
    ...cacheFilters(query.filters()),
    reserved: query.number('reserved-space') ?? query.number('keep-storage'),
    most: query.number('max-used-space'),
    free: query.number('min-free-space'),
  });
  reply.json({ CachesDeleted: deleted.length === 0 ? null : deleted, SpaceReclaimed: reclaimed });
}

/** Reads the filters with the collector of the command line. As with Docker one without a word has to be true. Throws `invalid`. */
export function cacheFilters(filters: Filters): CachePruneFilters {
  let wanted: CachePruneFilters = {};
  for (const [name, values] of filters) {
    if (name.includes('=')) throw new EngineError('invalid', `invalid filter "${name}"`, { subject: name });
    for (const value of values.length === 0 ? ['true'] : values)
      wanted = collectCachePruneFilter(`${name}=${value}`, wanted);
  }
  return wanted;
}
