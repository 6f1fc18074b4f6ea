import { EngineError } from '../errors.ts';
import { runProgram } from './run-program.ts';

/** The number of paths that surely fit into one command line. */
const BATCH = 500;

/**
 * The bytes in the regular files of directory trees, each file counted once however many names it has; 0 for a tree that
 * is missing. `onDisk`: the bytes that all of the tree takes there and shares with nothing else. The helper counts: names may be an image's, and a container that runs may be exchanging directories for
 * links meanwhile. Throws `unavailable` when it cannot.
 */
export async function treeSizes(
  helper: string,
  directories: readonly string[],
  { onDisk = false }: { onDisk?: boolean } = {},
): Promise<number[]> {
  const sizes: number[] = [];
  for (let from = 0; from < directories.length; from += BATCH) {
    const batch = directories.slice(from, from + BATCH);
    const { code, stdout, stderr } = await runProgram(helper, [
      'measure',
      ...(onDisk ? ['disk'] : []),
      ...batch,
    ]);
    if (code !== 0) throw new EngineError('unavailable', `cannot count the bytes of files: ${stderr}`);
    sizes.push(...stdout.trimEnd().split('\n').map(Number));
  }
  return sizes;
}
