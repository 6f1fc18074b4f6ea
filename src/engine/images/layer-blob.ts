import type { ImageLayer } from '../../image/image.ts';
import { type Descriptor, MediaType } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { compress } from '../../storage/layer/compress.ts';
import type { Context } from '../store/context.ts';
import { layersWith } from '../store/images.ts';
import type { Workspace } from '../store/workspace.ts';
import { openLayer } from './stored-image.ts';

/** How a layer gets its blob. */
export interface LayerBlobOptions {
  /** Called with the digest of the blob before anything else can happen to it. */
  keep: (digest: Digest) => void;
  signal: AbortSignal;
}

/**
 * The layer as registries get it: one that was made here and has no blob gets one, compressed, unless another image's layer with
 * the same content has one already. One that was pulled stays as it was, also when its blob is not here. Throws as `openLayer`.
 */
export async function blobOfLayer(
  context: Context,
  { blobs, layers }: Pick<Workspace, 'blobs' | 'layers'>,
  layer: ImageLayer,
  { keep, signal }: LayerBlobOptions,
): Promise<Descriptor> {
  const { descriptor, diffID } = layer;
  if (descriptor.digest !== diffID || blobs.has(descriptor.digest)) return descriptor;
  const earlier = layersWith(context.database, diffID);
  const known = earlier.find(({ digest }) => blobs.has(digest));
  if (known !== undefined) {
    keep(known.digest);
    return known;
  }
  await using draft = await blobs.begin();
  for await (const piece of compress(openLayer(context, { blobs, layers }, layer))) {
    signal.throwIfAborted();
    await draft.write(piece, `layer ${diffID}`);
  }
  const digest = draft.digest();
  keep(digest);
  await draft.publish();
  return { mediaType: MediaType.ociLayerGzip, digest, size: draft.size };
}
