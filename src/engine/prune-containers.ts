import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { allContainers } from './container-store.ts';
import type { Context } from './context.ts';
import { appendContainerEvent, appendEvent } from './event-journal.ts';
import { fitsPrune, type PruneFilters } from './prune-filters.ts';
import { observe } from './reconcile.ts';
import { isIdle } from './remove-container.ts';
import { discardContainer } from './trash.ts';

export interface PrunedContainers {
  /** Ids. */
  deleted: string[];
  /** Bytes that they had written into their file systems. */
  reclaimed: number;
}

/** Removes the containers that do not run and fit the filters, except those that somebody starts meanwhile. */
export async function pruneContainers(context: Context, filters: PruneFilters): Promise<PrunedContainers> {
  const pruned: PrunedContainers = { deleted: [], reclaimed: 0 };
  for (const row of allContainers(context.database)) {
    const { createdAt, options } = row;
    if (!fitsPrune({ createdAt, labels: options.labels ?? {} }, filters)) continue;
    const observed = await observe(context, row);
    const state = observed?.status.state;
    if (state !== 'created' && state !== 'exited') continue;
    const bytes = bytesBelow(join(context.paths.containers, row.id, 'upper'));
    if (!(await discardContainer(context, row.id, () => isIdle(context, row)))) continue;
    appendContainerEvent(context, row, 'destroy');
    pruned.deleted.push(row.id);
    pruned.reclaimed += bytes;
  }
  const attributes = { reclaimed: String(pruned.reclaimed) };
  appendEvent(context, { type: 'container', action: 'prune', id: '', attributes });
  return pruned;
}

/** The sizes of all files, each once however many names it has, without following links. */
function bytesBelow(directory: string): number {
  const counted = new Set<string>();
  let bytes = 0;
  const visit = (path: string): void => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (stat.isDirectory()) {
      for (const name of readdirSync(path)) visit(join(path, name));
      return;
    }
    const inode = `${stat.dev}:${stat.ino}`;
    if (stat.nlink === 1 || !counted.has(inode)) bytes += stat.size;
    if (stat.nlink > 1) counted.add(inode);
  };
  visit(directory);
  return bytes;
}
