import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { runProgram } from '../host/run-program.ts';
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
  context: Context,
  row: ContainerRow,
  image: ImageRow | undefined,
): Promise<ContainerSize> {
  const [own = 0] = await ownSizes(context, [row.id]);
  return { own, total: own + (image?.size ?? 0) };
}

/**
 * The bytes that containers have written into their file systems, in the order of `ids`. The helper counts: a container
 * that runs may be exchanging its directories for links meanwhile. Throws `unavailable` when it cannot.
 */
export async function ownSizes(context: Context, ids: readonly string[]): Promise<number[]> {
  const sizes: number[] = [];
  for (let from = 0; from < ids.length; from += BATCH) {
    const directories = ids
      .slice(from, from + BATCH)
      .map((id) => join(context.paths.containers, id, 'upper'));
    const { code, stdout, stderr } = await runProgram(context.helper, ['measure', ...directories]);
    if (code !== 0) throw new EngineError('unavailable', `cannot count the bytes of containers: ${stderr}`);
    sizes.push(...stdout.trimEnd().split('\n').map(Number));
  }
  return sizes;
}

/** As many paths as surely fit into one command line. */
const BATCH = 500;
