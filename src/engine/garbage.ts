import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../host/database.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import type { Context } from './context.ts';
import { leasedResources } from './leases.ts';

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
  mkdirSync(paths.trash, { recursive: true, mode: 0o700 });
  // A blob and a layer may share a digest: the first layer's chainID is its diffID, and an archive may be stored plain.
  const discard = (kind: 'blob' | 'layer', directory: string, digests: readonly Digest[]) => {
    for (const digest of digests.filter((candidate) => !kept.has(candidate))) {
      const path = join(directory, hexOf(digest));
      if (existsSync(path)) renameSync(path, join(paths.trash, `${kind}-${hexOf(digest)}-${process.pid}`));
    }
  };
  discard('blob', paths.blobs, leftovers.blobs);
  discard('layer', paths.layers, leftovers.layers);
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
