import { availableParallelism } from 'node:os';
import { EngineError } from '../errors.ts';
import { runProgram } from './run-program.ts';

/** The number of paths that surely fit into one command line. */
const BATCH = 500;

/** How many are counted side by side: more than that and the disk is what they wait for. */
const SIDE_BY_SIDE = 4;

/**
 * The bytes in the regular files of directory trees, each file counted once however many names it has; 0 for a tree that
 * is missing. The helper counts: names may be an image's, and a container that runs may be exchanging directories for
 * links meanwhile. Throws `unavailable` when it cannot.
 */
export async function treeSizes(helper: string, directories: readonly string[]): Promise<number[]> {
  return await measure(helper, [], directories);
}

/**
 * The bytes that the file system has set aside for files and for directories with all below them, each file once however
 * many names it has; 0 for what is missing, nothing of what is mounted there. `skip` names an entry that is left out of
 * each directory. Throws as `treeSizes`.
 */
export async function allocatedSizes(
  helper: string,
  paths: readonly string[],
  skip?: string,
): Promise<number[]> {
  return await measure(helper, skip === undefined ? ['allocated'] : ['allocated', `skip=${skip}`], paths);
}

/** The same for trees that have files in common: these count for the first of them. */
export async function allocatedTogether(helper: string, paths: readonly string[]): Promise<number[]> {
  return await measure(helper, ['allocated'], paths, lineLength(paths));
}

/**
 * What would be free if trees went, one after the other: a file with several names counts for the tree that has the last of them,
 * and for none when it has others elsewhere. No path may be there twice. Throws as `treeSizes`.
 */
export async function freedSizes(helper: string, paths: readonly string[]): Promise<number[]> {
  return await measure(helper, ['freed'], paths, lineLength(paths));
}

/**
 * The same for directories without what they share with other files: what would be free if they went. Throws as
 * `treeSizes`.
 */
export async function unsharedSizes(helper: string, directories: readonly string[]): Promise<number[]> {
  return await measure(helper, ['unshared'], directories);
}

/** `length`: of a batch, for one call of the helper. */
async function measure(
  helper: string,
  how: readonly string[],
  paths: readonly string[],
  length = batchLength(paths.length),
): Promise<number[]> {
  const sizes: number[] = [];
  let next = 0;
  const count = async () => {
    while (next < paths.length) {
      const from = next;
      next += length;
      const { code, stdout, stderr } = await runProgram(helper, [
        'measure',
        ...how,
        ...paths.slice(from, from + length),
      ]);
      if (code !== 0) throw new EngineError('unavailable', `cannot count the bytes of files: ${stderr}`);
      for (const [index, line] of stdout.trimEnd().split('\n').entries()) sizes[from + index] = Number(line);
    }
  };
  await Promise.all(Array.from({ length: COUNTERS }, count));
  return sizes;
}

const COUNTERS = Math.min(SIDE_BY_SIDE, availableParallelism());

/** As many as fit into one command line: what those of two lines have in common nobody notices. */
function lineLength(paths: readonly string[]): number {
  const longest = Math.max(1, ...paths.map((path) => Buffer.byteLength(path) + POINTER + 1));
  return Math.max(1, Math.floor(LINE / longest));
}

/** Half of what the kernel takes with the usual limit of the stack, execve(2); arguments come with a pointer each. */
const LINE = 1024 * 1024;
const POINTER = 8;

/** Trees differ in size: several batches for each counter keep all of them at work. */
function batchLength(paths: number): number {
  return Math.min(BATCH, Math.ceil(paths / (COUNTERS * 4)));
}
