import { join } from 'node:path';
import { randomHex } from '../../host/random.ts';
import { copyTree, type Listener } from '../../storage/archive/copy.ts';
import type { Context } from '../store/context.ts';
import type { Workspace } from '../store/workspace.ts';

/**
 * Copies an upper directory, with all by which overlay speaks, and returns where it is, on the disk. Blocks are shared where
 * the file system can; a name more for each file would not do, as containers write into files in place. Throws as
 * `copyError`.
 */
export async function copyUpper(
  { helper }: Pick<Context, 'helper'>,
  { tmp }: Pick<Workspace, 'tmp'>,
  directory: string,
  listener: Listener = {},
): Promise<string> {
  const name = `upper.${randomHex(4)}`;
  const from = { root: `dir:${directory}`, path: '/' };
  await copyTree(helper, { from, to: { root: `dir:${tmp()}`, path: '/' }, name, exact: true }, listener);
  return join(tmp(), name);
}
