import { EngineError } from '../../errors.ts';
import type { Database, Row } from '../../host/database.ts';
import {
  familiarReference,
  formatReference,
  imageIdPrefix,
  parseReference,
  type Reference,
} from '../../image/reference.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { type ImageConfig, parseImageConfig } from '../../oci/image-config.ts';

/** An image: a config and the layers it names. Its id is the digest of the config. */
export interface ImageRow {
  id: Digest;
  /** The config blob's text. */
  config: string;
  /** chainIDs, bottom first. */
  layers: Digest[];
  /** Unpacked size in bytes. */
  size: number;
  /** When this store got it, ms since the epoch. */
  createdAt: number;
}

export interface ManifestRow {
  digest: Digest;
  imageId: Digest;
  mediaType: string;
  /** The manifest blob's text. */
  body: string;
  /** The index that a name led to, when the manifest was chosen from its tree. Those inside it are not kept. */
  indexDigest: Digest | undefined;
}

/** Names of one image, canonical: `docker.io/library/busybox:latest`, `docker.io/library/busybox@sha256:…`. */
export interface ImageNames {
  tags: string[];
  digests: string[];
}

/**
 * Makes an image visible under its names, replacing what these named before; they lead to the index that it was chosen from,
 * too, if that is kept. Call inside a transaction.
 */
export function saveImage(
  database: Database,
  image: ImageRow,
  manifest: ManifestRow,
  names: readonly string[],
): void {
  database.run(
    'INSERT INTO image (id, config, layers, size, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
    image.id,
    image.config,
    JSON.stringify(image.layers),
    image.size,
    image.createdAt,
  );
  database.run(
    `INSERT INTO manifest (digest, image_id, media_type, body, index_digest) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (digest) DO UPDATE SET index_digest = coalesce(excluded.index_digest, index_digest)`,
    manifest.digest,
    manifest.imageId,
    manifest.mediaType,
    manifest.body,
    manifest.indexDigest ?? null,
  );
  for (const name of names) {
    database.run(
      `INSERT INTO image_name (name, manifest_digest, updated_at, index_digest) VALUES (?, ?, ?, (SELECT digest FROM index_document WHERE digest = ?))
       ON CONFLICT (name) DO UPDATE SET manifest_digest = excluded.manifest_digest, updated_at = excluded.updated_at,
         index_digest = excluded.index_digest`,
      name,
      manifest.digest,
      image.createdAt,
      manifest.indexDigest ?? null,
    );
  }
}

/**
 * Gives an image one more name; whatever it led to before, it leads to the manifest now that the image was found by, or that
 * came last, and to the kept index that goes with that. Call inside a transaction.
 */
export function giveName(database: Database, { image, name: by, index }: FoundImage, name: string): void {
  if (index !== undefined) {
    nameIndex(database, { image, index }, name);
    return;
  }
  database.run(
    `INSERT INTO image_name (name, manifest_digest, updated_at, index_digest)
     SELECT ?1, manifest.digest, ?2, CASE WHEN source.name IS NULL
       THEN (SELECT digest FROM index_document WHERE digest = manifest.index_digest) ELSE source.index_digest END
     FROM manifest LEFT JOIN image_name AS source ON source.name = ?3 AND source.manifest_digest = manifest.digest
     WHERE image_id = ?4 ORDER BY source.name IS NULL, manifest.rowid DESC LIMIT 1
     ON CONFLICT (name) DO UPDATE SET manifest_digest = excluded.manifest_digest, updated_at = excluded.updated_at,
       index_digest = excluded.index_digest`,
    name,
    Date.now(),
    by ?? '',
    image.id,
  );
}

/** The name leads to the index, and to its manifest of the image. */
function nameIndex(
  database: Database,
  { image, index }: { image: ImageRow; index: Digest },
  name: string,
): void {
  database.run(
    `INSERT INTO image_name (name, manifest_digest, updated_at, index_digest)
     SELECT ?1, manifest.digest, ?2, ?3 FROM manifest
     WHERE image_id = ?4 ORDER BY digest IN (SELECT digest FROM index_entry WHERE index_digest = ?3) DESC, rowid DESC LIMIT 1
     ON CONFLICT (name) DO UPDATE SET manifest_digest = excluded.manifest_digest, updated_at = excluded.updated_at,
       index_digest = excluded.index_digest`,
    name,
    Date.now(),
    index,
    image.id,
  );
}

export function imageByName(database: Database, name: string): ImageRow | undefined {
  const row = database.get(
    `SELECT image.* FROM image_name JOIN manifest ON manifest.digest = image_name.manifest_digest
     JOIN image ON image.id = manifest.image_id WHERE image_name.name = ?`,
    name,
  );
  return row === undefined ? undefined : toImage(row);
}

export function imageById(database: Database, id: Digest): ImageRow | undefined {
  const row = database.get('SELECT * FROM image WHERE id = ?', id);
  return row === undefined ? undefined : toImage(row);
}

/** The image whose manifest has this digest. */
export function imageOfManifest(database: Database, digest: Digest): ImageRow | undefined {
  const row = database.get(
    'SELECT image.* FROM manifest JOIN image ON image.id = image_id WHERE digest = ?',
    digest,
  );
  return row === undefined ? undefined : toImage(row);
}

/** Whether an image is there, without reading it. */
export function hasImage(database: Database, id: Digest): boolean {
  return database.get('SELECT 1 FROM image WHERE id = ?', id) !== undefined;
}

export function countImages(database: Database): number {
  return Number(database.get('SELECT count(*) AS count FROM image')?.['count']);
}

/** The manifest of an image: the one that `name` leads to, else the one that came last when several have its config. */
export function manifestOf(
  database: Database,
  imageId: Digest,
  name?: string,
): Pick<ManifestRow, 'digest' | 'mediaType' | 'body' | 'indexDigest'> | undefined {
  const row = database.get(
    `SELECT digest, media_type, body, index_digest FROM manifest WHERE image_id = ?
     ORDER BY digest = (SELECT manifest_digest FROM image_name WHERE name = ?) DESC, rowid DESC LIMIT 1`,
    imageId,
    name ?? '',
  );
  return (
    row && {
      digest: row['digest'] as Digest,
      mediaType: row['media_type'] as string,
      body: row['body'] as string,
      indexDigest: (row['index_digest'] ?? undefined) as Digest | undefined,
    }
  );
}

/** All manifests of an image. */
export function manifestsOf(database: Database, imageId: Digest): ManifestRow[] {
  return database.all('SELECT * FROM manifest WHERE image_id = ? ORDER BY rowid', imageId).map((row) => ({
    digest: row['digest'] as Digest,
    imageId,
    mediaType: row['media_type'] as string,
    body: row['body'] as string,
    indexDigest: (row['index_digest'] ?? undefined) as Digest | undefined,
  }));
}

/** From now on nobody knows which index a manifest was chosen from. */
export function forgetIndex(database: Database, manifest: Digest): void {
  database.run('UPDATE manifest SET index_digest = NULL WHERE digest = ?', manifest);
}

/** The configuration of the image that a container was made from; undefined when that one was removed by force. */
export function imageConfigOf(database: Database, id: Digest): ImageConfig | undefined {
  const image = imageById(database, id);
  return image === undefined ? undefined : parseImageConfig(Buffer.from(image.config));
}

/** Returns all images, newest in this store first. */
export function allImages(database: Database): ImageRow[] {
  return database.all('SELECT * FROM image ORDER BY created_at DESC, rowid DESC').map(toImage);
}

export function namesOf(database: Database, imageId: Digest): ImageNames {
  const names = database
    .all(
      `SELECT name FROM image_name JOIN manifest ON manifest.digest = image_name.manifest_digest
       WHERE manifest.image_id = ? ORDER BY name`,
      imageId,
    )
    .map((row) => row['name'] as string);
  return {
    tags: names.filter((name) => !name.includes('@')),
    digests: names.filter((name) => name.includes('@')),
  };
}

/** All tags of a repository, canonical, when a text names one: neither a tag nor a digest, nor an id. */
export function tagsOf(database: Database, text: string): string[] {
  const reference = isRepository(text) ? referenceOf(text) : undefined;
  if (reference === undefined) return [];
  const prefix = `${reference.domain}/${reference.path}:`;
  return database
    .all('SELECT name FROM image_name WHERE substr(name, 1, ?) = ? ORDER BY name', prefix.length, prefix)
    .map((row) => row['name'] as string);
}

/** The paths of a registry's repositories that have a blob, as far as the images of this store tell. */
export function repositoriesWith(database: Database, domain: string, digest: Digest): string[] {
  const rows = database.all(
    `SELECT name FROM image_name WHERE substr(name, 1, ?1) = ?2 AND instr(name, '@') > 0 AND (
       EXISTS (SELECT 1 FROM manifest WHERE digest = manifest_digest AND instr(body, ?3) > 0) OR
       EXISTS (SELECT 1 FROM index_entry WHERE index_digest = image_name.index_digest AND instr(body, ?3) > 0))
     ORDER BY name`,
    domain.length + 1,
    `${domain}/`,
    digest,
  );
  return [...new Set(rows.map((row) => parseReference(row['name'] as string).path))];
}

/** The descriptors that all manifests of this store have for layers of this content. */
export function layersWith(database: Database, diffID: Digest): Descriptor[] {
  const rows = database.all(
    'SELECT config, body FROM image JOIN manifest ON image_id = image.id WHERE instr(config, ?) > 0',
    diffID,
  );
  return rows.flatMap((row) => {
    const { rootfs } = JSON.parse(row['config'] as string) as { rootfs: { diff_ids: Digest[] } };
    const { layers } = JSON.parse(row['body'] as string) as { layers: Descriptor[] };
    return layers.filter((_, index) => rootfs.diff_ids[index] === diffID);
  });
}

/** Whether a text ends without a tag and a digest. */
function isRepository(text: string): boolean {
  return !/[:@]/.test(text.slice(text.lastIndexOf('/') + 1));
}

export function deleteName(database: Database, name: string): boolean {
  return database.run('DELETE FROM image_name WHERE name = ?', name) > 0;
}

export function deleteImage(database: Database, id: Digest): void {
  database.run('DELETE FROM image WHERE id = ?', id);
}

/** The image that a text named, and the canonical name when it was found by name. */
export interface FoundImage {
  image: ImageRow;
  name: string | undefined;
  /** The kept index by whose digest it was found: that, and no other one that the image is in. */
  index?: Digest | undefined;
}

/** Finds an image by reference, by id, or by the digest of a kept index (or an unambiguous prefix of them), as Docker does. */
export function lookUpImage(database: Database, text: string): FoundImage | undefined {
  return byReference(database, text) ?? byId(database, text);
}

/** Finds an image by a text that names it; throws `notFound`. */
export function findImage(database: Database, text: string): FoundImage {
  const found = lookUpImage(database, text);
  if (found === undefined) throw noSuchImage(text);
  return found;
}

const REMEDY = 'skiff images lists what is here';

/** The error for an image that is to be here, and can be fetched. */
export function notFetched(text: string): EngineError {
  const remedy = `fetch it with skiff pull ${text}`;
  return noSuchImage(text, remedy);
}

/** The error for a text that leads to no image of this store. */
export function noSuchImage(text: string, remedy = REMEDY): EngineError {
  return new EngineError('notFound', `no such image: ${text}`, {
    subject: text,
    failure: 'noSuchImage',
    remedy,
  });
}

function byReference(database: Database, text: string): FoundImage | undefined {
  const reference = referenceOf(text);
  if (reference === undefined) return undefined;
  const name = formatReference(storedForm(reference));
  const image = imageByName(database, name);
  return image === undefined ? undefined : { image, name };
}

/** A name with a tag and a digest is kept by its digest: the tag adds nothing. */
export function storedForm(reference: Reference): Reference {
  const { domain, path, digest } = reference;
  return digest === undefined ? reference : { domain, path, digest };
}

function referenceOf(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch {
    return undefined;
  }
}

function byId(database: Database, text: string): FoundImage | undefined {
  const digits = imageIdPrefix(text);
  if (digits === undefined) return undefined;
  const rows = database.all("SELECT * FROM image WHERE id GLOB ? || '*' LIMIT 2", `sha256:${digits}`);
  const [first, second] = rows;
  if (second !== undefined) throw ambiguous(text);
  return first === undefined ? byIndex(database, text, digits) : { image: toImage(first), name: undefined };
}

/** Of an index this machine's image, as a name of it leads to that, or it is kept for it. */
function byIndex(database: Database, text: string, digits: string): FoundImage | undefined {
  const [first, second] = database.all(
    `SELECT digest, coalesce(
       (SELECT manifest.image_id FROM image_name JOIN manifest ON manifest.digest = manifest_digest
        WHERE image_name.index_digest = index_document.digest LIMIT 1), image_id) AS image
     FROM index_document WHERE digest GLOB ? || '*' AND image IS NOT NULL LIMIT 2`,
    `sha256:${digits}`,
  );
  if (first === undefined) return undefined;
  if (second !== undefined) throw ambiguous(text);
  const image = imageById(database, first['image'] as Digest);
  return image === undefined ? undefined : { image, name: undefined, index: first['digest'] as Digest };
}

function ambiguous(text: string): EngineError {
  return new EngineError('conflict', `several images begin with ${text}`, {
    subject: text,
    hint: 'give more digits of the id',
  });
}

/** `docker.io/library/busybox:latest` → `busybox:latest`. */
export function familiarName(name: string): string {
  return familiarReference(parseReference(name));
}

function toImage(row: Row): ImageRow {
  return {
    id: row['id'] as Digest,
    config: row['config'] as string,
    layers: JSON.parse(row['layers'] as string) as Digest[],
    size: row['size'] as number,
    createdAt: row['created_at'] as number,
  };
}
