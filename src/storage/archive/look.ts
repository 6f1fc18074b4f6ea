import { constants } from 'node:os';
import { callHelper } from '../../host/run-program.ts';
import { copyError } from './failure.ts';
import type { TreePlace } from './tree.ts';

/** What lies at a path. */
export interface Looked {
  /** With its type (stat(2)). */
  mode: number;
  /** Bytes. */
  size: number;
  /** Seconds since the epoch; nine digits after the point. */
  mtime: string;
  /** What it points to, if it is a link. */
  target: string;
  /** The mode of what a link leads to in the end, of anything else its own; absent: that is not there. */
  end: number | undefined;
}

const MISSING: readonly number[] = [constants.errno.ENOENT, constants.errno.ENOTDIR];

/** Looks at a path, of which all links but the last are followed. Undefined when nothing is there. */
export async function lookAt(helper: string, { root, path }: TreePlace): Promise<Looked | undefined> {
  const { output, failure } = await callHelper(helper, ['look', root, path]);
  if (failure?.stage === 'look' && MISSING.includes(failure.errno)) return undefined;
  if (failure !== undefined) throw copyError(failure);
  const [mode = '', size = '', mtime = '', target = '', end = ''] = Buffer.from(output)
    .toString()
    .split('\0');
  return {
    mode: Number.parseInt(mode, 8),
    size: Number(size),
    mtime,
    target,
    end: end === '' ? undefined : Number.parseInt(end, 8),
  };
}
