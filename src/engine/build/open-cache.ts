import { createReadStream, statSync } from 'node:fs';
import { join } from 'node:path';
import { INLINE_ANNOTATION, readCacheManifest } from '../../build/cache/manifest.ts';
import { type CacheRecord, RECORDS_LIMIT, readRecords } from '../../build/cache/records.ts';
import { EngineError } from '../../errors.ts';
import { isMissing } from '../../host/missing.ts';
import { readImage, readManifest } from '../../image/image.ts';
import {
  blobName,
  checkLayoutVersion,
  INDEX_FILE,
  LAYOUT_FILE,
  LAYOUT_FILE_LIMIT,
} from '../../image/oci-layout.ts';
import { parseReference } from '../../image/reference.ts';
import { type Descriptor, MediaType } from '../../oci/descriptor.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import { type Index, MANIFEST_LIMIT } from '../../oci/manifest.ts';
import type { Platform } from '../../oci/platform.ts';
import { RegistryClient } from '../../registry/client.ts';
import type { CredentialSource } from '../../registry/credential.ts';
import type { BlobStore } from '../../storage/blob-store.ts';
import { type ImageFiles, openImageDirectory } from '../../storage/tar/image-files.ts';
import { chooseManifest, type ImageSource, readConfig } from '../images/pull-manifest.ts';
import { connectRegistries } from '../images/registries.ts';
import type { OpenBlob, RefuseBlob } from '../images/unpack-layers.ts';
import type { Context } from '../store/context.ts';
import { type CacheSource, cacheName } from './cache-options.ts';

/** A cache whose records have been read; its layers lie where it does. */
export interface OpenedCache {
  name: string;
  records: readonly CacheRecord[];
  open: OpenBlob;
  refuse: RefuseBlob;
}

/** How a cache is looked for. */
export interface OpenCacheOptions {
  blobs: BlobStore;
  /** Of an index of images the one for this; absent: this machine's. */
  platform: Platform | undefined;
  /** Absent: what this machine keeps. */
  credentials?: CredentialSource | undefined;
  /** Told of credentials and mirrors that cannot be used. */
  warn: (problem: EngineError) => void;
  signal: AbortSignal | undefined;
}

/**
 * Reads the records of a cache; no layer. Throws `notFound` for one that is not there, `invalid` for a malformed one,
 * `unsupported` for what is none, and as the registry client does.
 */
export async function openCache(
  context: Context,
  source: CacheSource,
  options: OpenCacheOptions,
): Promise<OpenedCache> {
  if (source.kind === 'local') return await openDirectory(source, options);
  return await openRegistry(context, source, options);
}

async function openRegistry(
  context: Context,
  source: CacheSource & { kind: 'registry' },
  { blobs, platform, credentials, warn, signal }: OpenCacheOptions,
): Promise<OpenedCache> {
  const reference = parseReference(source.reference);
  const insecure = source.insecure ? [reference.domain] : [];
  const client = new RegistryClient(await connectRegistries(context, warn, { insecure, credentials }));
  const images: ImageSource = { client, reference, blobs, signal };
  const tagOrDigest = reference.digest ?? reference.tag ?? 'latest';
  const { bytes, mediaType } = await client.manifest(reference, tagOrDigest, { signal });
  const cache = readCacheManifest(bytes);
  const records =
    cache === undefined
      ? await inlineRecords(images, { bytes, mediaType, platform })
      : readRecords(await readConfig(images, cache.records), (index) => cache.layers[index]);
  return {
    name: cacheName(source),
    records,
    open: (descriptor, either) => client.blob(reference, descriptor, { signal: either }),
    refuse: (descriptor, damage) => client.refuse(reference, descriptor, damage),
  };
}

/** Those that came with an image: the layers are its own. */
async function inlineRecords(
  source: ImageSource,
  { bytes, mediaType, platform }: { bytes: Uint8Array; mediaType: string; platform: Platform | undefined },
): Promise<CacheRecord[]> {
  const manifest = await chooseManifest(source, readManifest(bytes, mediaType), platform);
  const text = manifest.parsed.annotations?.[INLINE_ANNOTATION];
  if (text === undefined)
    throw new EngineError('notFound', 'the image has no cache of builds in it', {
      hint: 'build it with --cache-to type=inline',
    });
  const { layers } = readImage(manifest, await readConfig(source, manifest.parsed.config));
  const blobs = new Map(layers.map(({ diffID, descriptor }) => [diffID, descriptor]));
  return readRecords(Buffer.from(text), (_, diffID) => blobs.get(diffID));
}

/** What is looked at in a layout, from the last on. */
const MOST_MANIFESTS = 100;

async function openDirectory(
  { directory, digest }: CacheSource & { kind: 'local' },
  { blobs }: OpenCacheOptions,
): Promise<OpenedCache> {
  await using files = openLayout(directory, blobs);
  for (const manifest of digest === undefined ? await manifestsOf(files) : [digest]) {
    const cache = readCacheManifest(await documentOf(files, manifest, MANIFEST_LIMIT));
    if (cache === undefined) continue;
    const records = await documentOf(files, cache.records.digest, RECORDS_LIMIT);
    return {
      name: directory,
      records: readRecords(records, (index) => cache.layers[index]),
      open: (descriptor) => blobOf(directory, descriptor),
      refuse: () => false,
    };
  }
  throw new EngineError('notFound', 'there is no cache of builds in it');
}

function openLayout(directory: string, blobs: BlobStore): ImageFiles {
  try {
    return openImageDirectory(directory, blobs);
  } catch (cause) {
    const message = isMissing(cause) ? 'there is no such directory' : `it cannot be read: ${cause}`;
    throw new EngineError('notFound', message, { cause });
  }
}

/** The last one first. */
async function manifestsOf(files: ImageFiles): Promise<Digest[]> {
  const [layout, index] = [LAYOUT_FILE, INDEX_FILE].map((name) => files.find(name));
  if (layout === undefined || index === undefined)
    throw new EngineError('notFound', 'there is no cache of builds in it');
  checkLayoutVersion(await layout.read(LAYOUT_FILE_LIMIT));
  const { parsed } = readManifest(await index.read(MANIFEST_LIMIT), MediaType.ociIndex);
  const { manifests } = parsed as Index;
  return manifests
    .map((entry) => entry.digest)
    .toReversed()
    .slice(0, MOST_MANIFESTS);
}

async function documentOf(files: ImageFiles, digest: Digest, limit: number): Promise<Uint8Array> {
  const file = files.find(blobName(digest));
  if (file === undefined) throw new EngineError('notFound', `${digest} is not in it`, { subject: digest });
  const bytes = await file.read(limit);
  if (digestOf(bytes) === digest) return bytes;
  throw new EngineError('invalid', `${digest} is damaged in it`, { subject: digest });
}

/** Whoever reads it verifies it. */
async function* blobOf(directory: string, { digest }: Descriptor): AsyncGenerator<Uint8Array> {
  const path = join(directory, blobName(digest));
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw new EngineError('notFound', `blob ${digest} is not in it`, { subject: digest });
  yield* createReadStream(path, { highWaterMark: 256 * 1024 });
}
