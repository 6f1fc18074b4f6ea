import { type Change, readChanges } from '../../storage/archive/changes.ts';
import { observe } from '../state/observe.ts';
import { type ContainerRow, containerById, noSuchContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { changedLayers } from './changed-layers.ts';

export type { Change } from '../../storage/archive/changes.ts';

/**
 * Yields what a container has changed in its root file system, whatever it is doing, in the order of names. What is mounted
 * in it does not count, and neither do the places that are made for the mounts of every container. Throws `notFound`,
 * `unsupported` for what overlay keeps by reference.
 */
export async function* containerChanges(context: Context, row: ContainerRow): AsyncGenerator<Change[]> {
  if ((await observe(context, row)) === undefined) throw noSuchContainer(context.database, row.name);
  yield* readChanges(changedLayers(context, row), { helper: context.helper });
  // Of one that was removed meanwhile some of it was missing.
  if (containerById(context.database, row.id) === undefined)
    throw noSuchContainer(context.database, row.name);
}
