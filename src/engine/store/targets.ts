import type { Database } from '../../host/database.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';

/** To what the images of a store and their names lead. */
export interface StoredTargets {
  /** Of each image, those that came last at the end; `index`: from which it was chosen. */
  manifests: ReadonlyMap<string, readonly { manifest: Descriptor; index: Digest | undefined }[]>;
  /** By canonical names. */
  names: ReadonlyMap<string, { manifest: Digest; index: Digest | undefined }>;
  /** Those that are kept. */
  indexes: ReadonlyMap<string, Descriptor>;
  /** By the images with which they came, without a name. */
  held: ReadonlyMap<string, Digest>;
}

/** Reads it all in three queries, without the documents themselves. */
export function targetsInStore(database: Database): StoredTargets {
  const manifests = new Map<string, { manifest: Descriptor; index: Digest | undefined }[]>();
  const size = 'length(CAST(body AS BLOB)) AS size';
  const rows = database.all(
    `SELECT image_id, digest, media_type, ${size}, index_digest FROM manifest ORDER BY rowid`,
  );
  for (const row of rows) {
    const own = manifests.get(row['image_id'] as string) ?? [];
    own.push({ manifest: descriptorIn(row), index: digestIn(row, 'index_digest') });
    manifests.set(row['image_id'] as string, own);
  }
  const names = database
    .all('SELECT name, manifest_digest, index_digest FROM image_name')
    .map(
      (row) =>
        [
          row['name'] as string,
          { manifest: row['manifest_digest'] as Digest, index: digestIn(row, 'index_digest') },
        ] as const,
    );
  const indexes = database.all(
    `SELECT digest, media_type, ${size}, image_id FROM index_document ORDER BY digest DESC`,
  );
  return {
    manifests,
    names: new Map(names),
    indexes: new Map(indexes.map((row) => [row['digest'] as string, descriptorIn(row)])),
    held: new Map(
      indexes.flatMap((row) =>
        row['image_id'] === null ? [] : [[row['image_id'] as string, row['digest'] as Digest]],
      ),
    ),
  };
}

function descriptorIn(row: Readonly<Record<string, unknown>>): Descriptor {
  return {
    mediaType: row['media_type'] as string,
    digest: row['digest'] as Digest,
    size: Number(row['size']),
  };
}

function digestIn(row: Readonly<Record<string, unknown>>, name: string): Digest | undefined {
  return (row[name] ?? undefined) as Digest | undefined;
}
