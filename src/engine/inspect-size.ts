import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerRow } from './container-store.ts';
import type { Context } from './context.ts';
import type { ImageRow } from './image-store.ts';

/** Bytes of a container's files: those that it has made or changed itself, and all that it sees. */
export interface ContainerSize {
  own: number;
  total: number;
}

/** Counts a container's upper directory; `image` is the one it was made from, if it is still there. */
export async function containerSize(
  { paths }: Context,
  row: ContainerRow,
  image: ImageRow | undefined,
): Promise<ContainerSize> {
  const own = await sizeOf(Buffer.from(join(paths.containers, row.id, 'upper')), new Set());
  return { own, total: own + (image?.size ?? 0) };
}

/** The bytes in regular files, each counted once however many names it has. What goes meanwhile does not count. */
async function sizeOf(directory: Buffer, seen: Set<bigint>): Promise<number> {
  let total = 0;
  for (const name of await orIfGone(readdir(directory, { encoding: 'buffer' }), [])) {
    const path = Buffer.concat([directory, Buffer.from('/'), name]);
    const stat = await orIfGone(lstat(path, { bigint: true }), undefined);
    if (stat?.isDirectory()) total += await sizeOf(path, seen);
    else if (stat?.isFile() && !seen.has(stat.ino)) {
      if (stat.nlink > 1n) seen.add(stat.ino);
      total += Number(stat.size);
    }
  }
  return total;
}

async function orIfGone<T, Otherwise>(result: Promise<T>, otherwise: Otherwise): Promise<T | Otherwise> {
  try {
    return await result;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return otherwise;
    throw error;
  }
}
