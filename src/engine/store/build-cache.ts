import type { Database, Row } from '../../host/database.ts';
import type { Digest } from '../../oci/digest.ts';

/** What a step of a build has made, found by all that decides it. */
export interface CacheEntry {
  /** The digest of its parts; of a `mount` that of its id, of a `source` that of its address. */
  key: Digest;
  kind: 'run' | 'copy' | 'directory' | 'squash' | 'mount' | 'source';
  /** The instruction, as progress shows it. */
  description: string;
  /** What the key is the digest of, by name: to say why another one differs. Of a `source` what is known of it. */
  parts: Readonly<Record<string, unknown>>;
  /** The layer that it has made; undefined: it has changed nothing, or is no step. */
  layer: CachedLayer | undefined;
  /** ms since the epoch. */
  createdAt: number;
  usedAt: number;
  uses: number;
}

export interface CachedLayer {
  chainID: Digest;
  diffID: Digest;
  /** Bytes of its archive. */
  size: number;
  /** Bytes that it takes unpacked. */
  bytes: number;
}

/** Notes what a step has made. What another process has noted meanwhile stays. */
export function insertCacheEntry(
  database: Database,
  { key, kind, description, parts, layer, createdAt }: Omit<CacheEntry, 'usedAt' | 'uses'>,
): void {
  database.run(
    `INSERT INTO build_cache VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?9, ?9, 0)
     ON CONFLICT (key) DO UPDATE SET chain_id = excluded.chain_id, diff_id = excluded.diff_id,
       size = excluded.size, bytes = excluded.bytes, created_at = excluded.created_at, used_at = excluded.used_at`,
    key,
    kind,
    description,
    JSON.stringify(parts),
    layer?.chainID ?? null,
    layer?.diffID ?? null,
    layer?.size ?? 0,
    layer?.bytes ?? 0,
    createdAt,
  );
}

export function cacheEntry(database: Database, key: Digest): CacheEntry | undefined {
  const row = database.get('SELECT * FROM build_cache WHERE key = ?', key);
  return row === undefined ? undefined : toEntry(row);
}

/** Returns all entries but those of blobs (`made-blobs.ts`), those that were used last first. */
export function cacheEntries(database: Database): CacheEntry[] {
  return database
    .all("SELECT * FROM build_cache WHERE kind <> 'blob' ORDER BY used_at DESC, key")
    .map(toEntry);
}

/** Returns the entries of one instruction, those that were used last first. */
export function entriesOf(
  database: Database,
  { kind, description }: Pick<CacheEntry, 'kind' | 'description'>,
): CacheEntry[] {
  return database
    .all(
      'SELECT * FROM build_cache WHERE kind = ? AND description = ? ORDER BY used_at DESC',
      kind,
      description,
    )
    .map(toEntry);
}

/** Notes that entries were used now. */
export function touchCacheEntries(database: Database, keys: Iterable<Digest>, now: number): void {
  for (const key of keys)
    database.run('UPDATE build_cache SET used_at = ?, uses = uses + 1 WHERE key = ?', now, key);
}

export function deleteCacheEntry(database: Database, key: Digest): boolean {
  return database.run('DELETE FROM build_cache WHERE key = ?', key) > 0;
}

/** What is damaged there says nothing: the key alone decides what is found. */
function readParts(text: string): CacheEntry['parts'] {
  try {
    const parts: unknown = JSON.parse(text);
    return typeof parts === 'object' && parts !== null ? (parts as CacheEntry['parts']) : {};
  } catch {
    return {};
  }
}

function toEntry(row: Row): CacheEntry {
  const chainID = row['chain_id'] as Digest | null;
  let parts: CacheEntry['parts'] | undefined;
  return {
    key: row['key'] as Digest,
    kind: row['kind'] as CacheEntry['kind'],
    description: row['description'] as string,
    get parts() {
      parts ??= readParts(row['parts'] as string);
      return parts;
    },
    layer:
      chainID === null
        ? undefined
        : {
            chainID,
            diffID: row['diff_id'] as Digest,
            size: row['size'] as number,
            bytes: row['bytes'] as number,
          },
    createdAt: row['created_at'] as number,
    usedAt: row['used_at'] as number,
    uses: row['uses'] as number,
  };
}
