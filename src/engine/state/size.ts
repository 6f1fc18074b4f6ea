import { existsSync } from 'node:fs';
import { treeSizes } from '../../host/tree-size.ts';
import { changedBytes } from '../../storage/archive/changes.ts';
import { containerPaths } from '../store/container-paths.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import type { ImageRow } from '../store/images.ts';
import { storageDriver } from '../store/layer-directories.ts';
import { rootfsOf } from '../store/root-file-system.ts';

/** Bytes of a container's files: those that it has made or changed itself, and all that it sees. */
export interface ContainerSize {
  own: number;
  total: number;
}

/** Counts what a container has written; `image` is the one it was made from, if it is still there. */
export async function containerSize(
  context: Context,
  row: ContainerRow,
  image: ImageRow | undefined,
): Promise<ContainerSize> {
  const [own = 0] = await ownSizes(context, [row]);
  return { own, total: own + (await baseSize(context, row, image)) };
}

/** Bytes of what a container stands on: its image, if that is still there, or a directory, which is counted now. */
export async function baseSize(
  { helper }: Context,
  { options: { rootfs } }: ContainerRow,
  image: ImageRow | undefined,
): Promise<number> {
  if (rootfs === undefined) return image?.size ?? 0;
  const [bytes = 0] = await treeSizes(helper, [rootfs.directory]);
  return bytes;
}

/**
 * The bytes that containers have written into their file systems, in the order of `rows`. Throws as `treeSizes`, and what
 * the helper says of a copy of an image that cannot be read.
 */
export async function ownSizes(context: Context, rows: readonly ContainerRow[]): Promise<number[]> {
  const { helper, paths } = context;
  const isCopy = storageDriver(context) === 'copy';
  if (!isCopy)
    return await treeSizes(
      helper,
      rows.map(({ id }) => containerPaths(paths, id).upper),
    );
  const sizes: number[] = [];
  for (const row of rows) sizes.push(await sizeOfChanges(context, row));
  return sizes;
}

async function sizeOfChanges(context: Context, row: ContainerRow): Promise<number> {
  const { upper, copyOf } = rootfsOf(context, row);
  if (!existsSync(upper)) return 0;
  const owners = row.idMaps?.idMapped === false ? row.idMaps : undefined;
  const layers = { upper, lowers: [], since: copyOf, owners, own: [] };
  return await changedBytes(layers, { helper: context.helper });
}
