import type { Database, Row } from '../../host/database.ts';
import { type ImageDocument, readImage, readManifest } from '../../image/image.ts';
import { formatPlatform } from '../../image/platform.ts';
import { allEntries, type EntryKind, type IndexEntry, type WholeIndex } from '../../image/whole-index.ts';
import type { Digest } from '../../oci/digest.ts';
import { blobsOfManifest, type Index, type Manifest } from '../../oci/manifest.ts';

/** A row of an index that is kept with all that is in it. */
export interface IndexRow {
  digest: Digest;
  mediaType: string;
  /** The index's text. */
  body: string;
  /** False: a part of it was lost. */
  isWhole: boolean;
}

/** A row of what such an index lists. */
export interface IndexEntryRow {
  digest: Digest;
  mediaType: string;
  kind: EntryKind;
  /** The manifest's text; of an index that is in the index's own row. */
  body: string | undefined;
  /** The text of an image's config. */
  config: string | undefined;
}

/** Keeps an index with all that is in it; nothing leads to it yet. Call inside a transaction. */
export function saveIndex(database: Database, whole: WholeIndex): void {
  for (const { document, entries } of [whole, ...allEntries(whole).flatMap(({ index }) => index ?? [])]) {
    database.run(
      `INSERT INTO index_document (digest, media_type, body, whole) VALUES (?, ?, ?, 1)
       ON CONFLICT (digest) DO UPDATE SET whole = 1`,
      document.digest,
      document.mediaType,
      textOf(document.bytes),
    );
    for (const [position, entry] of entries.entries()) saveEntry(database, document.digest, position, entry);
  }
}

function saveEntry(
  database: Database,
  index: Digest,
  position: number,
  { descriptor, kind, bytes, image }: IndexEntry,
): void {
  const platform = descriptor.platform ?? image?.config.parsed;
  database.run(
    `INSERT INTO index_entry (index_digest, position, digest, media_type, platform, kind, body, config)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (index_digest, position) DO NOTHING`,
    index,
    position,
    descriptor.digest,
    descriptor.mediaType,
    platform === undefined ? null : formatPlatform(platform),
    kind,
    kind === 'index' ? null : textOf(bytes),
    image === undefined ? null : textOf(image.config.bytes),
  );
}

/** The kept index that a canonical name leads to. */
export function indexOfName(database: Database, name: string): Digest | undefined {
  const row = database.get('SELECT index_digest FROM image_name WHERE name = ?', name);
  return (row?.['index_digest'] ?? undefined) as Digest | undefined;
}

/** Has an index kept as long as an image is here, to which no name leads when it comes. */
export function holdIndex(database: Database, index: Digest, imageId: Digest): void {
  database.run('UPDATE index_document SET image_id = ? WHERE digest = ?', imageId, index);
}

/** From now on an index is kept for its names only. */
export function releaseIndex(database: Database, index: Digest): void {
  database.run('UPDATE index_document SET image_id = NULL WHERE digest = ?', index);
}

/** From now on the indexes that came with an image are kept for their names only. */
export function releaseIndexes(database: Database, imageId: Digest): void {
  database.run('UPDATE index_document SET image_id = NULL WHERE image_id = ?', imageId);
}

/** The index that came with an image, and had no name. */
export function heldIndex(database: Database, imageId: Digest): Digest | undefined {
  const row = database.get('SELECT digest FROM index_document WHERE image_id = ? ORDER BY digest', imageId);
  return row?.['digest'] as Digest | undefined;
}

/** The canonical names that lead to just this kept index. */
export function ownNamesOfIndex(database: Database, index: Digest): string[] {
  const rows = database.all('SELECT name FROM image_name WHERE index_digest = ? ORDER BY name', index);
  return rows.map((row) => row['name'] as string);
}

/** The canonical names that lead to a kept index, or to one that it is in. */
export function namesOfIndex(database: Database, index: Digest): string[] {
  const rows = database.all(
    `${ABOVE} SELECT name FROM image_name WHERE index_digest IN (SELECT digest FROM above) ORDER BY name`,
    index,
  );
  return rows.map((row) => row['name'] as string);
}

export function allIndexes(database: Database): IndexRow[] {
  return database.all('SELECT * FROM index_document ORDER BY digest').map(toIndex);
}

export function indexRow(database: Database, digest: Digest): IndexRow | undefined {
  const row = database.get('SELECT * FROM index_document WHERE digest = ?', digest);
  return row === undefined ? undefined : toIndex(row);
}

/** What an index lists, in its order. */
export function entriesOfIndex(database: Database, index: Digest): IndexEntryRow[] {
  return database
    .all('SELECT * FROM index_entry WHERE index_digest = ? ORDER BY position', index)
    .map((row) => ({
      digest: row['digest'] as Digest,
      mediaType: row['media_type'] as string,
      kind: row['kind'] as EntryKind,
      body: (row['body'] ?? undefined) as string | undefined,
      config: (row['config'] ?? undefined) as string | undefined,
    }));
}

/** Reads an index that is kept, with all that is in it; undefined when there is none. Throws as {@link readManifest}. */
export function readIndex(
  database: Database,
  digest: Digest,
  known = new Map<Digest, WholeIndex>(),
): WholeIndex | undefined {
  const row = indexRow(database, digest);
  if (row === undefined) return undefined;
  const document = readManifest(Buffer.from(row.body), row.mediaType) as ImageDocument<Index>;
  const entries = entriesOfIndex(database, digest).flatMap((entry, position): IndexEntry[] => {
    const descriptor = document.parsed.manifests[position];
    if (descriptor === undefined) return [];
    if (entry.kind !== 'index') return [readEntry(descriptor, entry)];
    const index = known.get(entry.digest) ?? readIndex(database, entry.digest, known);
    const bytes = index?.document.bytes ?? new Uint8Array();
    return [{ descriptor, kind: entry.kind, bytes, blobs: [], index }];
  });
  const index = { document, entries };
  known.set(digest, index);
  return index;
}

function readEntry(
  descriptor: IndexEntry['descriptor'],
  { kind, mediaType, body = '', config }: IndexEntryRow,
): IndexEntry {
  const bytes = Buffer.from(body);
  const entry = { descriptor, kind, bytes, blobs: blobsOfManifest(bytes) };
  if (config === undefined) return entry;
  const manifest = readManifest(bytes, mediaType) as ImageDocument<Manifest>;
  return { ...entry, image: readImage(manifest, Buffer.from(config)) };
}

/** The blobs that a kept index names: itself, and all that is in it. */
export function blobsOfKeptIndex(database: Database, digest: Digest): Digest[] {
  const indexes = new Set([digest]);
  const blobs: Digest[] = [];
  // What is added to the set while it is walked through follows.
  for (const index of indexes) {
    for (const { digest: entry, kind, body = '{}' } of entriesOfIndex(database, index)) {
      if (kind === 'index') indexes.add(entry);
      else blobs.push(entry, ...blobsOfManifest(Buffer.from(body)).map((blob) => blob.digest));
    }
  }
  return [...indexes, ...blobs];
}

/** From now on it is known that a part of an index is not here, and so of every index that it is in. */
export function markIncomplete(database: Database, index: Digest): void {
  database.run(
    `${ABOVE} UPDATE index_document SET whole = 0 WHERE digest IN (SELECT digest FROM above)`,
    index,
  );
}

/** An index and those that it is in. */
const ABOVE = `WITH RECURSIVE above (digest) AS (
  SELECT ?1 UNION SELECT index_digest FROM above JOIN index_entry ON index_entry.digest = above.digest AND kind = 'index')`;

/** An index that is no longer kept. */
export interface DroppedIndex {
  digest: Digest;
  /** Those of the images that were in it. */
  manifests: Digest[];
}

/** Deletes the indexes to which no name leads any more, nor an image that they came with. Call it in the transaction that takes names away. */
export function dropUnnamedIndexes(database: Database): DroppedIndex[] {
  const rows = database.all(
    `${NAMED} SELECT digest FROM index_document WHERE digest NOT IN (SELECT digest FROM named)`,
  );
  return rows.map((row) => {
    const digest = row['digest'] as Digest;
    const images = entriesOfIndex(database, digest).filter(({ kind }) => kind === 'image');
    database.run('DELETE FROM index_document WHERE digest = ?', digest);
    return { digest, manifests: images.map((image) => image.digest) };
  });
}

const NAMED = `WITH RECURSIVE named (digest) AS (
  SELECT index_digest FROM image_name WHERE index_digest IS NOT NULL
  UNION SELECT digest FROM index_document WHERE image_id IS NOT NULL
  UNION SELECT index_entry.digest FROM named JOIN index_entry ON index_digest = named.digest AND kind = 'index')`;

/** The images that are in an index that is kept for another one: they are named, if not by themselves. */
export function imagesInIndexes(database: Database): Set<Digest> {
  const rows = database.all(
    `SELECT DISTINCT image_id FROM manifest JOIN index_entry ON index_entry.digest = manifest.digest
     WHERE image_id NOT IN (SELECT image_id FROM index_document WHERE image_id IS NOT NULL)`,
  );
  return new Set(rows.map((row) => row['image_id'] as Digest));
}

function toIndex(row: Row): IndexRow {
  return {
    digest: row['digest'] as Digest,
    mediaType: row['media_type'] as string,
    body: row['body'] as string,
    isWhole: row['whole'] === 1,
  };
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
