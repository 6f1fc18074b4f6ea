import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CACHE_TYPE } from '../../build/cache/manifest.ts';
import { EngineError } from '../../errors.ts';
import { isMissing } from '../../host/missing.ts';
import { blobName, INDEX_FILE, LAYOUT_FILE, layoutVersion } from '../../image/oci-layout.ts';
import { canonicalJson } from '../../oci/canonical-json.ts';
import { type Descriptor, MediaType } from '../../oci/descriptor.ts';
import { asList, asObject, parseJson } from '../../oci/json.ts';
import type { CachePlace, OutgoingBlob } from './cache-place.ts';

/**
 * Opens the place of a cache in a directory, which is made if it is not there: an OCI layout, in which blobs and
 * images that were there before stay. Throws `unavailable` where it cannot be written, `invalid` for blobs that are not what they are to be.
 */
export function openDirectoryTarget(directory: string): CachePlace {
  return {
    blob: (blob) => attempt(() => writeBlob(directory, blob)),
    finish: (manifest) =>
      attempt(async () => {
        const { digest, bytes, mediaType } = manifest;
        const descriptor = { mediaType, digest, size: bytes.length };
        await writeBlob(directory, { descriptor, open: () => once(bytes) });
        await replace(directory, LAYOUT_FILE, once(layoutVersion()));
        const index = {
          schemaVersion: 2,
          mediaType: MediaType.ociIndex,
          manifests: [...othersIn(directory), { ...descriptor, artifactType: CACHE_TYPE }],
        };
        await replace(directory, INDEX_FILE, once(canonicalJson(index)));
      }),
  };
}

/** Those of before which are no caches of builds, as they are. Throws `invalid` when there is an index that is none. */
function othersIn(directory: string): unknown[] {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(join(directory, INDEX_FILE));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  const { manifests } = asObject(parseJson(bytes, INDEX_FILE), INDEX_FILE);
  const entries = asList(manifests, 'manifests', asObject);
  return entries.filter(({ artifactType }) => artifactType !== CACHE_TYPE);
}

async function writeBlob(directory: string, { descriptor, open }: OutgoingBlob): Promise<void> {
  const { digest, size } = descriptor;
  const name = blobName(digest);
  if (statSync(join(directory, name), { throwIfNoEntry: false })?.size === size) return;
  await replace(directory, name, verified(open(), descriptor));
}

/** Whoever reads the directory meanwhile sees the file of before, or all of the new one. */
async function replace(directory: string, name: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const path = join(directory, name);
  mkdirSync(join(path, '..'), { recursive: true });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await pipeline(Readable.from(content), createWriteStream(draft, { flags: 'wx', flush: true }));
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

async function* verified(
  content: AsyncIterable<Uint8Array>,
  { digest, size }: Descriptor,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let length = 0;
  for await (const piece of content) {
    length += piece.length;
    if (length > size) break;
    hash.update(piece);
    yield piece;
  }
  if (length === size && `sha256:${hash.digest('hex')}` === digest) return;
  throw new EngineError('invalid', `blob ${digest} is not what its digest says`, { subject: digest });
}

async function attempt<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw new EngineError('unavailable', (cause as Error).message, { cause });
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
