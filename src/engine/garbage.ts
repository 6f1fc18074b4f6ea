import { join } from 'node:path';
import type { Database } from '../host/database.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import type { Context } from './context.ts';
import { leasedResources } from './leases.ts';
import { trashOf } from './trash.ts';

/** Blobs and layers that a removed image has left: digests and chainIDs. */
export interface Leftovers {
  blobs: readonly Digest[];
  layers: readonly Digest[];
}

/**
 * Moves those leftovers into the trash that no row names and no living process leases. Call inside the transaction
 * that deleted the rows: who takes a lease afterwards finds them gone, who took one before keeps them.
 */
export function discardUnreferenced(context: Context, leftovers: Leftovers): void {
  const { database, paths } = context;
  const kept = new Set([
    ...referencedBlobs(database),
    ...referencedLayers(database),
    ...leasedResources(database),
  ]);
  const trash = trashOf(context);
  for (const digest of leftovers.blobs.filter((candidate) => !kept.has(candidate))) {
    trash.take(join(paths.blobs, hexOf(digest)));
  }
  for (const chainID of leftovers.layers.filter((candidate) => !kept.has(candidate))) {
    trash.take(join(paths.layers, hexOf(chainID)));
    database.run('DELETE FROM layer_size WHERE chain_id = ?', chainID);
  }
}

function referencedBlobs(database: Database): string[] {
  const rows = database.all('SELECT digest, index_digest, body FROM manifest');
  return rows.flatMap((row) => [
    row['digest'] as string,
    ...(row['index_digest'] === null ? [] : [row['index_digest'] as string]),
    ...blobsOfManifest(row['body'] as string),
  ]);
}

/** The config and the layers that a manifest's text names. */
export function blobsOfManifest(body: string): Digest[] {
  const { config, layers } = JSON.parse(body) as { config: { digest: Digest }; layers: { digest: Digest }[] };
  return [config.digest, ...layers.map(({ digest }) => digest)];
}

/** A container keeps the layers below it even when its image is removed by force. */
function referencedLayers(database: Database): string[] {
  const rows = database.all('SELECT layers FROM image UNION ALL SELECT layers FROM container');
  return rows.flatMap((row) => JSON.parse(row['layers'] as string) as string[]);
}
