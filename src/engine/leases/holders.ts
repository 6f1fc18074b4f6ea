import { existsSync } from 'node:fs';
import { statusOf } from '../state/status.ts';
import { containerPaths } from '../store/container-paths.ts';
import { type ContainerRow, containerById } from '../store/containers.ts';
import type { Context } from '../store/context.ts';

/**
 * The container that holds a lease; undefined when it is free: its holder is not there any more, or does not run and its
 * teardown is complete. One whose monitor was killed still holds it, until somebody has cleaned up (`OrphanHolds`).
 */
export function leaseHolder(context: Context, containerId: string): ContainerRow | undefined {
  const row = containerById(context.database, containerId);
  if (row === undefined) return undefined;
  const { state } = statusOf(context, row);
  if (state === 'orphaned') throw new OrphanHolds(row);
  if (state === 'starting' || state === 'running' || state === 'restarting') return row;
  return existsSync(containerPaths(context.paths, row.id).runDir) ? row : undefined;
}

/** Thrown when what is wanted is held by a container whose monitor was killed: clean up after it, then try again. */
export class OrphanHolds extends Error {
  readonly row: ContainerRow;

  constructor(row: ContainerRow) {
    super(`container ${row.name} lost its monitor`);
    this.row = row;
  }
}

/** Whether a container still holds its leases, each looked at once: one whose monitor was killed does. */
export function leaseChecker(context: Context): (containerId: string) => boolean {
  const known = new Map<string, boolean>();
  return (containerId) => {
    const holds = known.get(containerId) ?? isHolder(context, containerId);
    known.set(containerId, holds);
    return holds;
  };
}

function isHolder(context: Context, containerId: string): boolean {
  try {
    return leaseHolder(context, containerId) !== undefined;
  } catch (error) {
    if (error instanceof OrphanHolds) return true;
    throw error;
  }
}
