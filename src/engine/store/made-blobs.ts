import type { Database } from '../../host/database.ts';
import { canonicalJson } from '../../oci/canonical-json.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';

/** What a blob was made of, and how: the same gives the same blob. */
export interface BlobRecipe {
  diffID: Digest;
  kind: string;
  /** Absent: the usual one. */
  level: number | undefined;
}

/** Changes when the same recipe makes other bytes. */
const VERSION = 1;

/** Notes which blob was made of a layer: a row of the cache of builds, of kind `blob`, for as long as the blob is there. */
export function noteMadeBlob(
  database: Database,
  recipe: BlobRecipe,
  { mediaType, digest, size }: Descriptor,
): void {
  database.run(
    `INSERT INTO build_cache VALUES (?1, 'blob', ?2, '{}', NULL, ?3, ?4, ?4, ?5, ?5, 0)
     ON CONFLICT (key) DO UPDATE SET diff_id = excluded.diff_id, size = excluded.size`,
    keyOf(recipe),
    mediaType,
    digest,
    size,
    Date.now(),
  );
}

/** The blob that was made before by a recipe. */
export function madeBlob(database: Database, recipe: BlobRecipe): Descriptor | undefined {
  const row = database.get('SELECT description, diff_id, size FROM build_cache WHERE key = ?', keyOf(recipe));
  return (
    row && {
      mediaType: row['description'] as string,
      digest: row['diff_id'] as Digest,
      size: row['size'] as number,
    }
  );
}

/** Forgets how a blob was made that is about to go. */
export function forgetMadeBlob(database: Database, digest: Digest): void {
  database.run("DELETE FROM build_cache WHERE kind = 'blob' AND diff_id = ?", digest);
}

function keyOf({ diffID, kind, level }: BlobRecipe): Digest {
  return digestOf(canonicalJson({ blob: VERSION, diffID, kind, level }));
}
