import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { type Digest, hexOf } from '../../oci/digest.ts';
import type { Context } from '../store/context.ts';

/** How a layer is: what is no directory is none, a link to one neither, as it leads out of the store. */
export function stateOfLayer(context: Context, chainID: Digest): 'there' | 'missing' | 'no directory' {
  const found = lstatSync(layerDirectory(context, chainID), { throwIfNoEntry: false });
  if (found === undefined) return 'missing';
  return found.isDirectory() ? 'there' : 'no directory';
}

export function layerDirectory({ paths }: Context, chainID: Digest): string {
  return join(paths.layers, hexOf(chainID));
}
