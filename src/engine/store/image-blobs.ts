import type { Database } from '../../host/database.ts';
import type { Digest } from '../../oci/digest.ts';
import { blobsOfKeptIndex } from './indexes.ts';

/**
 * The blobs that each image needs, by its id: manifests, the indexes that led to them, configs and layers; and all that is
 * in the kept indexes to which its names lead, or that came with it.
 */
export function blobsByImage(database: Database): Map<Digest, Set<Digest>> {
  const blobs = new Map<Digest, Set<Digest>>();
  for (const row of database.all('SELECT image_id, digest, index_digest, body FROM manifest')) {
    const id = row['image_id'] as Digest;
    const own = blobs.get(id) ?? new Set();
    blobs.set(id, own);
    own.add(row['digest'] as Digest);
    if (row['index_digest'] !== null) own.add(row['index_digest'] as Digest);
    for (const digest of blobsOfManifest(row['body'] as string)) own.add(digest);
  }
  const kept = database.all(
    `SELECT image_id, image_name.index_digest FROM image_name JOIN manifest ON manifest.digest = manifest_digest
     WHERE image_name.index_digest IS NOT NULL
     UNION SELECT image_id, digest FROM index_document WHERE image_id IS NOT NULL`,
  );
  for (const row of kept) {
    const own = blobs.get(row['image_id'] as Digest);
    for (const digest of blobsOfKeptIndex(database, row['index_digest'] as Digest)) own?.add(digest);
  }
  return blobs;
}

function blobsOfManifest(body: string): Digest[] {
  const { config, layers } = JSON.parse(body) as { config: { digest: Digest }; layers: { digest: Digest }[] };
  return [config.digest, ...layers.map(({ digest }) => digest)];
}
