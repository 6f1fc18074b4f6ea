import { EngineError } from '../../errors.ts';
import { imageOfConfig } from '../../image/image.ts';
import {
  familiarReference,
  familiarRepository,
  formatReference,
  parseReference,
  type Reference,
} from '../../image/reference.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Platform } from '../../oci/platform.ts';
import type { RegistryRequests } from '../../registry/requests.ts';
import type { RequestInfo } from '../../registry/transport.ts';
import { RegistryUploads } from '../../registry/upload.ts';
import { appendImageEvent } from '../events/image.ts';
import type { Lease } from '../store/blob-leases.ts';
import type { Context } from '../store/context.ts';
import { type FoundImage, findImage, manifestOf, saveImage, tagsOf } from '../store/images.ts';
import { dropUnnamedIndexes } from '../store/indexes.ts';
import { inWorkspace } from '../store/workspace.ts';
import { compressedLayer, GZIP } from './compressed-layer.ts';
import { wholeIndexOf } from './other-platform.ts';
import { isAtRegistry, type Push, pushBlob, sideBySide } from './push-blobs.ts';
import { pushIndex } from './push-index.ts';
import type { PushedLayer, PushProgress } from './push-progress.ts';
import {
  imageOf,
  leaseImage,
  missingLayers,
  openLayer,
  readStoredImageFor,
  type StoredImage,
} from './stored-image.ts';

export interface PushOptions {
  /** All tags of the repository that is named. */
  allTags: boolean;
  /** The platform that the image has to be for: of a kept index that image alone is pushed. */
  platform?: Platform | undefined;
  progress: PushProgress;
  /** Told of credentials that cannot be used; the push goes on without them. */
  warn?: ((problem: EngineError) => void) | undefined;
  /** Told of each request. */
  onRequest?: ((info: RequestInfo) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Pushes an image to the registry that its name says, or all tags of a repository: its layers side by side, as they are; one
 * that was made here and never compressed is compressed, once. A name that leads to an index that is here whole takes that along. Blobs that the registry has in other repositories are taken
 * over there. Throws `notFound` for a name that leads to no image, and what the registry's errors become.
 */
export async function pushImages(
  context: Context,
  text: string,
  options: PushOptions,
  requests: RegistryRequests,
): Promise<void> {
  const { allTags, progress, signal } = options;
  const names = allTags ? tagsOf(context.database, text) : [nameOf(context, text)];
  if (names.length === 0) throw noTags(text, allTags);
  const uploads = new RegistryUploads(requests);
  progress.repository(familiarRepository(parseReference(names[0] ?? text)));
  try {
    await inWorkspace(context, async (workspace) => {
      const push = { context, workspace, uploads, progress, signal };
      for (const name of names) await pushName(push, parseReference(name), options.platform);
    });
  } catch (cause) {
    if (signal?.aborted !== true) throw cause;
    throw new EngineError('cancelled', `pushing ${text} was cancelled`, { subject: text, cause });
  }
}

function nameOf({ database }: Context, text: string): string {
  const { name } = findImage(database, text);
  if (name !== undefined && parseReference(name).digest === undefined) return name;
  throw new EngineError('invalid', `${text} is no name that an image can be pushed under`, {
    subject: text,
    remedy: 'give the image a name with skiff tag',
  });
}

function noTags(text: string, allTags: boolean): EngineError {
  return new EngineError('notFound', `no such image: ${text}`, {
    subject: text,
    hint: allTags ? 'with --all-tags name a repository, without a tag' : undefined,
  });
}

/** An image on its way; the lease keeps what nothing names yet. */
interface PushedImage {
  reference: Reference;
  stored: StoredImage;
  lease: Lease;
}

async function pushName(push: Push, reference: Reference, platform: Platform | undefined): Promise<void> {
  const { context } = push;
  const found = findImage(context.database, formatReference(reference));
  const index = platform === undefined ? wholeIndexOf(context.database, found) : undefined;
  if (index === undefined) await pushOne(push, reference, { found, platform });
  else await pushIndex(push, reference, { found, index });
  appendImageEvent(context, 'push', {
    id: familiarReference(reference),
    name: familiarRepository(reference),
    config: found.image.config,
  });
}

async function pushOne(
  push: Push,
  reference: Reference,
  { found, platform }: { found: FoundImage; platform: Platform | undefined },
): Promise<void> {
  const { context, workspace, uploads, progress, signal } = push;
  const text = familiarReference(reference);
  const stored =
    (platform === undefined ? await asItWasPulled(push, reference, found) : undefined) ??
    (await readStoredImageFor(context, workspace, found, { platform, text }));
  using lease = leaseImage(context, stored);
  const descriptors = await pushLayers(push, { reference, stored, lease });
  const { config } = stored;
  await uploads.blob(reference, {
    descriptor: { digest: config.digest, size: config.bytes.length },
    open: () => once(config.bytes),
    signal,
  });
  const isAsItWas = stored.layers.every(({ descriptor }, index) => descriptor === descriptors[index]);
  const { manifest } = isAsItWas
    ? stored
    : imageOfConfig(config.bytes, descriptors, stored.manifest.parsed.annotations);
  const tag = reference.tag ?? 'latest';
  await uploads.manifest(reference, tag, manifest, signal);
  lease.add([manifest.digest]);
  await workspace.blobs.put(manifest.bytes);
  keep(context, found, { stored, manifest, reference });
  progress.pushed(tag, manifest.digest, manifest.bytes.length);
}

/**
 * An image whose layers were here in another compression when it was pulled: with its own manifest all the same, if the
 * registry has those layers, as it does when it came from there.
 */
async function asItWasPulled(
  push: Push,
  reference: Reference,
  found: FoundImage,
): Promise<StoredImage | undefined> {
  const { image } = imageOf(push.context.database, found);
  const missing = missingLayers(push.context, push.workspace, image);
  if (missing.length === 0) return undefined;
  for (const { descriptor } of missing)
    if (!(await isAtRegistry(push, reference, descriptor))) return undefined;
  return { ...image, index: undefined };
}

/**
 * From now on the digest that the registry knows it by leads to the manifest that was pushed, and so does the name, unless it
 * did before. Of an index another image may have been pushed, whose name this is not.
 */
function keep(
  { database }: Context,
  { image, name = '' }: FoundImage,
  {
    stored,
    manifest,
    reference,
  }: { stored: StoredImage; manifest: StoredImage['manifest']; reference: Reference },
): void {
  if (stored.config.digest !== image.id) return;
  const { domain, path } = reference;
  const { digest, mediaType } = manifest;
  const body = new TextDecoder().decode(manifest.bytes);
  const row = { digest, imageId: image.id, mediaType, body, indexDigest: undefined };
  const isAsItWas = manifestOf(database, image.id, name)?.digest === digest;
  const names = [...(isAsItWas ? [] : [reference]), { domain, path, digest }].map(formatReference);
  database.transaction(() => {
    saveImage(database, image, row, names);
    dropUnnamedIndexes(database);
  });
}

/** Returns the descriptors of the layers as the registry has them. */
async function pushLayers(push: Push, image: PushedImage): Promise<Descriptor[]> {
  const { layers } = image.stored;
  const whole = { ...push, lease: image.lease };
  const lines = layers.map(({ diffID }) => push.progress.layer(diffID));
  for (const line of lines) line.preparing();
  return await sideBySide(push, layers, async (layer, index, signal) => {
    const descriptor = await compressedLayer(whole, layer, GZIP, signal);
    const open = () => openLayer(push.context, push.workspace, { ...layer, descriptor });
    await pushBlob(push, image.reference, { descriptor, open, line: lines[index] as PushedLayer, signal });
    return descriptor;
  });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
