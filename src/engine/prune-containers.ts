import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { allContainers, type ContainerRow } from './container-store.ts';
import type { Context } from './context.ts';
import { appendContainerEvent, appendEvent } from './event-journal.ts';
import { observe } from './reconcile.ts';
import { isIdle } from './remove-container.ts';
import { discardContainer } from './trash.ts';

/** Which of those that do not run are meant; all of them when nothing is said. */
export interface PruneFilters {
  /** ms since the epoch: only what was created before. */
  until?: number | undefined;
  /** Each has to hold. */
  labels?: readonly LabelFilter[] | undefined;
}

/** A container has the label, with this value if there is one; `negated`: it has not. */
export interface LabelFilter {
  key: string;
  value?: string | undefined;
  negated?: boolean | undefined;
}

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
    if (!fits(row, filters)) continue;
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

function fits({ createdAt, options }: ContainerRow, { until, labels = [] }: PruneFilters): boolean {
  if (until !== undefined && createdAt >= until) return false;
  const own = options.labels ?? {};
  return labels.every(({ key, value, negated = false }) => {
    const has = Object.hasOwn(own, key) && (value === undefined || own[key] === value);
    return has !== negated;
  });
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
