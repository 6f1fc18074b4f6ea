import { unsharedSizes } from '../../host/tree-size.ts';
import type { SnapshotInfo } from '../options/snapshot.ts';
import { containerPaths } from '../store/container-paths.ts';
import { type ContainerRow, containerById } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { type SnapshotRow, snapshotsOf } from '../store/snapshots.ts';
import { settleUndoes } from './settle.ts';

/** The snapshots of containers, or of all, in the order of these, those of a container newest first. */
export async function listSnapshots(
  context: Context,
  containers?: readonly ContainerRow[],
): Promise<SnapshotInfo[]> {
  settleUndoes(context);
  const rows =
    containers === undefined
      ? snapshotsOf(context)
      : containers.flatMap(({ id }) => snapshotsOf(context, id));
  const sizes = await sizesOf(context, rows);
  return rows.flatMap((row, index) => {
    const container = containerById(context.database, row.containerId);
    if (container === undefined) return [];
    const { id, name } = container;
    const { name: called, kind, createdAt } = row;
    return { container: { id, name }, name: called, kind, createdAt, bytes: sizes[index] ?? 0 };
  });
}

async function sizesOf({ helper, paths }: Context, rows: readonly SnapshotRow[]): Promise<number[]> {
  const directories = rows.map(
    ({ containerId, name }) => `${containerPaths(paths, containerId).snapshots}/${name}`,
  );
  return await unsharedSizes(helper, directories);
}
