import { join } from 'node:path';
import { namesIn } from '../../host/missing.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Trash } from '../../storage/trash.ts';
import type { OwnerMaps } from './containers.ts';
import type { Context } from './context.ts';
import { layerName } from './layer-directories.ts';

/** A layer's copy with shifted owners: the layer's digits, then those of the id maps. */
const COPY = /^[0-9a-f]{64}\.[0-9a-f]{8}$/;

/**
 * Moves all copies of layers with shifted owners into the trash on which no container stands. Call inside a
 * transaction: a container's row is there before its copies are made.
 */
export function discardUnusedCopies(context: Context, trash: Trash): void {
  for (const name of unusedCopies(context)) trash.take(join(context.paths.layers, name));
}

/** Their names. */
export function unusedCopies({ database, paths }: Pick<Context, 'database' | 'paths'>): string[] {
  const copies = namesIn(paths.layers).filter((name) => COPY.test(name));
  if (copies.length === 0) return [];
  const used = new Set<string>();
  for (const row of database.all('SELECT layers, id_maps FROM container WHERE id_maps IS NOT NULL')) {
    const maps = JSON.parse(row['id_maps'] as string) as OwnerMaps;
    for (const chainID of JSON.parse(row['layers'] as string) as Digest[]) used.add(layerName(chainID, maps));
  }
  return copies.filter((name) => !used.has(name));
}
