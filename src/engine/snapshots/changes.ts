import { type Change, readChanges } from '../../storage/archive/changes.ts';
import { changedLayers } from '../archives/changed-layers.ts';
import { observed } from '../state/observe.ts';
import { containerPaths } from '../store/container-paths.ts';
import { type ContainerRow, containerById, noSuchContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { findSnapshot, isStillThere, noSuchSnapshot } from '../store/snapshots.ts';
import { settleUndoes } from './settle.ts';

/**
 * Yields what a container has changed since a snapshot, whatever it is doing, in the order of names: what was there and is
 * gone, too. Throws `notFound`, and as `changedLayers`.
 */
export async function* changesSince(
  context: Context,
  row: ContainerRow,
  name: string,
): AsyncGenerator<Change[]> {
  const layers = changedLayers(context, row);
  await observed(context, row);
  settleUndoes(context);
  const snapshot = findSnapshot(context, row, name);
  const since = `${containerPaths(context.paths, row.id).snapshots}/${name}`;
  yield* readChanges({ ...layers, since, owners: undefined }, { helper: context.helper });
  // Of what was removed meanwhile some was missing.
  if (containerById(context.database, row.id) === undefined)
    throw noSuchContainer(context.database, row.name);
  if (!isStillThere(context, snapshot)) throw noSuchSnapshot(row, name);
}
