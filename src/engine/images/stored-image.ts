import { EngineError } from '../../errors.ts';
import type { Database } from '../../host/database.ts';
import {
  type Image,
  type ImageDocument,
  type ImageLayer,
  readImage,
  readManifest,
} from '../../image/image.ts';
import { MediaType } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { type Index, type Manifest, ociLayerType } from '../../oci/manifest.ts';
import { layerArchive } from '../../storage/archive/read-tree.ts';
import { type Lease, takeLease } from '../store/blob-leases.ts';
import type { Context } from '../store/context.ts';
import { type FoundImage, manifestOf } from '../store/images.ts';
import type { Workspace } from '../store/workspace.ts';

/** An image of this store as others get it: its manifest says the same bytes that `openLayer` yields. */
export interface StoredImage extends Image {
  /** The index that its name leads to, when it was chosen from one. */
  index: ImageDocument<Index> | undefined;
}

/**
 * Reads an image out again: by its name with the manifest that the name leads to, by its id with the one that came last.
 * Throws `invalid` when what the store has of it is damaged.
 */
export async function readStoredImage(
  { database }: Context,
  { blobs }: Pick<Workspace, 'blobs'>,
  found: FoundImage,
): Promise<StoredImage> {
  const { image, indexDigest } = imageOf(database, found);
  return { ...image, index: indexDigest === undefined ? undefined : await readIndex(blobs, indexDigest) };
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
 * of its tree, which is the same each time. Whoever needs to be sure of the digest verifies it. Throws `notFound` when the
 * store has neither.
 */
export function openLayer(
  context: Context,
  { blobs, layers }: Pick<Workspace, 'blobs' | 'layers'>,
  { descriptor, diffID, chainID }: ImageLayer,
): AsyncIterable<Uint8Array> {
  const { digest, mediaType } = descriptor;
  if (blobs.has(digest)) return blobs.stream(digest);
  if (digest === diffID && ociLayerType(mediaType) === MediaType.ociLayer && layers.has(chainID))
    return layerArchive(layers.directory(chainID), { helper: context.helper });
  throw new EngineError('notFound', `layer ${digest} is not in the store`, {
    subject: digest,
    hint: 'pull the image again',
  });
}

async function readIndex(blobs: Workspace['blobs'], digest: Digest): Promise<ImageDocument<Index>> {
  const bytes = await blobs.read({ digest, size: await blobs.size(digest) });
  const document = readManifest(bytes);
  if (document.parsed.kind === 'index') return document as ImageDocument<Index>;
  throw new EngineError('invalid', `blob ${digest} is damaged in the store`, { subject: digest });
}
