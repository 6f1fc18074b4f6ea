import { EngineError } from '../../errors.ts';
import { collectPruneFilter } from '../../grammar/prune-filters.ts';
import type { Call } from '../http/call.ts';
import { pruneFilters } from '../http/prune-filters.ts';

/** BuildPrune. `reserved-space` is the newer name of `keep-storage`. */
export async function pruneBuildCache({ engine, query, reply }: Call): Promise<void> {
  const { until, labels } = pruneFilters(query.filters(), collectPruneFilter);
  if (labels !== undefined)
    throw new EngineError('invalid', 'the cache of builds has no labels', { hint: 'the filter is until' });
  const bounds = ['keep-storage', 'reserved-space', 'max-used-space'].map((name) => query.number(name) ?? 0);
  const { deleted, reclaimed } = await engine.builder.prune({
    all: query.flag('all'),
    until,
    keepStorage: Math.max(...bounds) || undefined,
  });
  reply.json({ CachesDeleted: deleted.length === 0 ? null : deleted, SpaceReclaimed: reclaimed });
}
