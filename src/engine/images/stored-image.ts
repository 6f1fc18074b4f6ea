import { EngineError } from '../../errors.ts';
import type { Database } from '../../host/database.ts';
import {
  type Image,
  type ImageDocument,
  type ImageLayer,
  imageOfConfig,
  readImage,
  readManifest,
} from '../../image/image.ts';
import { requirePlatform } from '../../image/platform.ts';
import { allEntries, blobsOfIndex, type WholeIndex } from '../../image/whole-index.ts';
import { type Descriptor, MediaType } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { type Index, type Manifest, ociLayerType } from '../../oci/manifest.ts';
import type { Platform } from '../../oci/platform.ts';
import { newSha256 } from '../../oci/sha256.ts';
import { layerArchive } from '../../storage/archive/read-tree.ts';
import { type Lease, takeLease } from '../store/blob-leases.ts';
import type { Context } from '../store/context.ts';
import { type FoundImage, layersWith, manifestOf } from '../store/images.ts';
import { storageDriver } from '../store/layer-directories.ts';
import type { Workspace } from '../store/workspace.ts';
import { imageInIndex } from './other-platform.ts';

/** An image of this store as others get it: its manifest says the same bytes that `openLayer` yields. */
export interface StoredImage extends Image {
  /** The index that its name leads to, when it was chosen from one. */
  index: ImageDocument<Index> | undefined;
}

/**
 * Reads an image out again: by its name with the manifest that the name leads to, by its id with the one that came last. A
 * layer whose blob is not here, as it was unpacked already when the image was pulled, gets that of another image with the
 * same content; then the manifest is another one. Throws `invalid` when what the store has of the image is damaged.
 */
export async function readStoredImage(
  context: Context,
  { blobs, layers }: Pick<Workspace, 'blobs' | 'layers'>,
  found: FoundImage,
): Promise<StoredImage> {
  const { database } = context;
  const { image, indexDigest } = imageOf(database, found);
  const isHere = hereIn(context, { blobs, layers });
  if (image.layers.every((layer) => isHere(layer.descriptor, layer)))
    return { ...image, index: indexDigest === undefined ? undefined : await readIndex(blobs, indexDigest) };
  const descriptors = image.layers.map((layer) => descriptorHere(context, { blobs, layers }, layer));
  const { annotations } = image.manifest.parsed;
  return { ...imageOfConfig(image.config.bytes, descriptors, annotations), index: undefined };
}

/** The descriptor of a layer; of one whose blob is not here that of another image with the same content, if its blob is. */
export function descriptorHere(
  context: Context,
  workspace: Pick<Workspace, 'blobs' | 'layers'>,
  layer: ImageLayer,
): Descriptor {
  const isHere = hereIn(context, workspace);
  const all = [layer.descriptor, ...layersWith(context.database, layer.diffID)];
  return all.find((descriptor) => isHere(descriptor, layer)) ?? layer.descriptor;
}

/** Returns the layers of an image of which the store has no bytes as its manifest says them. */
export function missingLayers(
  context: Context,
  workspace: Pick<Workspace, 'blobs' | 'layers'>,
  { layers }: Image,
): ImageLayer[] {
  const isHere = hereIn(context, workspace);
  return layers.filter((layer) => !isHere(layer.descriptor, layer));
}

function hereIn(context: Context, { blobs, layers }: Pick<Workspace, 'blobs' | 'layers'>) {
  return ({ digest }: Descriptor, { diffID, chainID }: ImageLayer): boolean =>
    blobs.has(digest) || (digest === diffID && isArchive(context) && layers.has(chainID));
}

/**
 * The same for a platform, if one is asked for: of a kept index its image for that, else the one that there is. Throws `notFound`
 * when there is none for it; `text` is what the user calls the image.
 */
export async function readStoredImageFor(
  context: Context,
  workspace: Pick<Workspace, 'blobs' | 'layers'>,
  found: FoundImage,
  { platform, text }: { platform: Platform | undefined; text: string },
): Promise<StoredImage> {
  if (platform === undefined) return await readStoredImage(context, workspace, found);
  const other = await imageInIndex(context.database, found, platform);
  if (other !== undefined) return { ...other, index: undefined };
  const stored = await readStoredImage(context, workspace, found);
  requirePlatform(stored.config.parsed, platform, text);
  return stored;
}

/** The same without its index: manifest, config and layers. Throws `invalid`. */
export function imageOf(
  database: Database,
  { image: { id, config }, name }: FoundImage,
): { image: Image; indexDigest: Digest | undefined } {
  const row = manifestOf(database, id, name);
  if (row === undefined) throw new EngineError('internal', `image ${id} has no manifest`, { subject: id });
  const manifest = readManifest(Buffer.from(row.body), row.mediaType) as ImageDocument<Manifest>;
  return { image: readImage(manifest, Buffer.from(config)), indexDigest: row.indexDigest };
}

/** What nothing may collect while an index is read. */
export function leaseIndex({ database }: Context, index: WholeIndex): Lease {
  const listed = allEntries(index).map(({ descriptor }) => descriptor);
  const digests = [index.document, ...listed, ...blobsOfIndex(index)].map(({ digest }) => digest);
  return takeLease(database, digests);
}

/** The bytes of a blob of an index. Throws `notFound` when it is not here. */
export function openIndexBlob(
  { blobs }: Pick<Workspace, 'blobs'>,
  digest: Digest,
): AsyncIterable<Uint8Array> {
  if (blobs.has(digest)) return blobs.stream(digest);
  throw new EngineError('notFound', `blob ${digest} is not in the store`, {
    subject: digest,
    hint: 'pull the image again with --all-platforms',
  });
}

/** Whether the tree of a layer can be its archive: where layers are whole it has what those below have, too. */
export function isArchive(context: Context): boolean {
  return storageDriver(context) === 'overlay';
}

/** What nothing may collect while the image is read. */
export function leaseImage({ database }: Context, { manifest, config, layers, index }: StoredImage): Lease {
  const documents = [manifest, config, ...(index === undefined ? [] : [index])];
  return takeLease(database, [
    ...documents.map(({ digest }) => digest),
    ...layers.flatMap(({ descriptor, chainID }) => [descriptor.digest, chainID]),
  ]);
}

/**
 * Yields the bytes that a layer's descriptor names: its blob, or of a layer that was made here and never had one the archive
 * of its tree, which is the same each time. Throws `notFound` when the store has neither, and at the end of the bytes `invalid`
 * when the archive is not the layer, which is so when another program has written that.
 */
export function openLayer(
  context: Context,
  { blobs, layers }: Pick<Workspace, 'blobs' | 'layers'>,
  { descriptor, diffID, chainID }: ImageLayer,
): AsyncIterable<Uint8Array> {
  const { digest, mediaType } = descriptor;
  if (blobs.has(digest)) return blobs.stream(digest);
  const isTree = digest === diffID && ociLayerType(mediaType) === MediaType.ociLayer && isArchive(context);
  if (isTree && layers.has(chainID))
    return verified(digest, layerArchive(layers.directory(chainID), { helper: context.helper }));
  throw new EngineError('notFound', `layer ${digest} is not in the store`, {
    subject: digest,
    hint: 'pull the image again',
  });
}

async function* verified(digest: Digest, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = newSha256();
  for await (const piece of source) {
    hash.update(piece);
    yield piece;
  }
  if (`sha256:${hash.digest('hex')}` === digest) return;
  throw new EngineError(
    'invalid',
    `layer ${digest} is in the store as files only, which do not tell its archive`,
    {
      subject: digest,
      hint: 'remove the images that have it, and pull this one again',
    },
  );
}

async function readIndex(blobs: Workspace['blobs'], digest: Digest): Promise<ImageDocument<Index>> {
  const bytes = await blobs.read({ digest, size: await blobs.size(digest) });
  const document = readManifest(bytes);
  if (document.parsed.kind === 'index') return document as ImageDocument<Index>;
  throw new EngineError('invalid', `blob ${digest} is damaged in the store`, { subject: digest });
}
