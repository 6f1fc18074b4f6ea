import type { CopyStep } from '../../build/stages/step.ts';
import { EngineError } from '../../errors.ts';
import { canonicalJson } from '../../oci/canonical-json.ts';
import { type Digest, digestOf, parseDigest } from '../../oci/digest.ts';
import { asCount, asObject, asString, optional } from '../../oci/json.ts';
import type { Validators } from '../../registry/download.ts';
import { redactUrl } from '../../registry/errors.ts';
import {
  type CacheEntry,
  cacheEntry,
  deleteCacheEntry,
  insertCacheEntry,
  touchCacheEntries,
} from '../store/build-cache.ts';
import type { Context } from '../store/context.ts';
import type { Owner } from './tree.ts';

/** A file that ADD takes of an address, and what it becomes. */
export interface DownloadWords {
  url: URL;
  /** The name that it gets. */
  name: string;
  step: Pick<CopyStep, 'checksum' | 'chmod' | 'unpack'>;
  owner: Owner;
}

/** What a download was, by the digest that decides what the step makes. */
export interface KnownContent {
  kind: 'files' | 'archive';
  digest: Digest;
  entries: number;
  bytes: number;
}

/** What is known of an address: it is so as long as its server says so; with a checksum it is so in any case. */
export interface KnownDownload {
  content: KnownContent;
  validators: Validators;
}

const VERSION = 1;

/** Returns what was downloaded before. */
export function knownDownload({ database }: Context, words: DownloadWords): KnownDownload | undefined {
  const key = keyOf(words);
  const entry = cacheEntry(database, key);
  if (entry === undefined) return undefined;
  const known = readKnown(entry);
  if (known !== undefined) database.transaction(() => touchCacheEntries(database, [key], Date.now()));
  return known;
}

/** Undefined for a row that is damaged: the file is fetched, and noted anew. */
function readKnown({ parts: { content, validators } }: CacheEntry): KnownDownload | undefined {
  try {
    return { content: readContent(content), validators: readValidators(validators) };
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

/** Notes what was downloaded, when there is a way to know later that it is the same. */
export function noteDownload({ database }: Context, words: DownloadWords, known: KnownDownload): void {
  const { etag, modified } = known.validators;
  if (words.step.checksum === undefined && etag === undefined && modified === undefined) return;
  const key = keyOf(words);
  database.transaction(() => {
    deleteCacheEntry(database, key);
    insertCacheEntry(database, {
      key,
      kind: 'source',
      description: redactUrl(words.url),
      parts: { ...known },
      layer: undefined,
      createdAt: Date.now(),
    });
  });
}

/** With a checksum it does not matter where the file comes from. */
function keyOf({ url, name, owner, step: { checksum, chmod, unpack } }: DownloadWords): Digest {
  const source = checksum === undefined ? { url: url.href } : { checksum: checksum.toLowerCase() };
  return digestOf(
    canonicalJson({
      version: VERSION,
      kind: 'source',
      ...source,
      name,
      owner,
      chmod,
      unpack: unpack === true,
    }),
  );
}

function readContent(value: unknown): KnownContent {
  const { kind, digest, entries, bytes } = asObject(value, 'content');
  return {
    kind: kind === 'archive' ? 'archive' : 'files',
    digest: parseDigest(asString(digest, 'digest')),
    entries: asCount(entries, 'entries'),
    bytes: asCount(bytes, 'bytes'),
  };
}

function readValidators(value: unknown): Validators {
  const { etag, modified } = asObject(value, 'validators');
  return {
    etag: optional(etag, 'etag', asString),
    modified: optional(modified, 'modified', asString),
  };
}
