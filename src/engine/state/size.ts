import { treeSizes } from '../../host/tree-size.ts';
import { containerPaths } from '../store/container-paths.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import type { ImageRow } from '../store/images.ts';

/** Bytes of a container's files: those that it has made or changed itself, and all that it sees. */
export interface ContainerSize {
  own: number;
  total: number;
}

/** Counts a container's upper directory; `image` is the one it was made from, if it is still there. */
export async function containerSize(
  context: Context,
  row: ContainerRow,
  image: ImageRow | undefined,
): Promise<ContainerSize> {
  const [own = 0] = await ownSizes(context, [row.id]);
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

/** The bytes that containers have written into their file systems, in the order of `ids`. Throws as `treeSizes`. */
export async function ownSizes({ helper, paths }: Context, ids: readonly string[]): Promise<number[]> {
  return await treeSizes(
    helper,
    ids.map((id) => containerPaths(paths, id).upper),
  );
}
