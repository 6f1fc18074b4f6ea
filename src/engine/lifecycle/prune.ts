import { treeSizes } from '../../host/tree-size.ts';
import { appendContainerEvent, appendEvent } from '../events/journal.ts';
import { fitsPrune, type PruneFilters } from '../options/prune.ts';
import { settleContainer, sweepRuns } from '../state/settle.ts';
import { isIdle } from '../state/status.ts';
import { isWritten } from '../state/writers.ts';
import { containerPaths } from '../store/container-paths.ts';
import { allContainers } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { discardContainer } from '../store/discard.ts';
import { removeAbandonedSteps } from './steps.ts';

export interface PrunedContainers {
  /** Ids. */
  deleted: string[];
  /** Bytes in the files that each had for itself: what it had written, or its copy of an image. */
  reclaimed: number;
}

/**
 * Removes the containers that do not run and fit the filters, except those that somebody starts meanwhile, and what is left
 * of runs whose containers are in no record, and of builds.
 */
export async function pruneContainers(context: Context, filters: PruneFilters): Promise<PrunedContainers> {
  const pruned: PrunedContainers = { deleted: [], reclaimed: 0 };
  for (const row of allContainers(context.database)) {
    const { createdAt, options } = row;
    if (!fitsPrune({ createdAt, labels: options.labels ?? {} }, filters)) continue;
    const observed = await settleContainer(context, row.id);
    const state = observed?.status.state;
    if (state !== 'created' && state !== 'exited') continue;
    const [bytes = 0] = await treeSizes(context.helper, [containerPaths(context.paths, row.id).upper]);
    const isUnused = () => isIdle(context, row) && !isWritten(context, row);
    if (!(await discardContainer(context, row.id, isUnused))) continue;
    appendContainerEvent(context, row, 'destroy');
    pruned.deleted.push(row.id);
    pruned.reclaimed += bytes;
  }
  await removeAbandonedSteps(context);
  await sweepRuns(context);
  const attributes = { reclaimed: String(pruned.reclaimed) };
  appendEvent(context, { type: 'container', action: 'prune', id: '', attributes });
  return pruned;
}
