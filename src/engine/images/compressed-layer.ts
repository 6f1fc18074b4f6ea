import { EngineError } from '../../errors.ts';
import type { ImageLayer } from '../../image/image.ts';
import { type Descriptor, MediaType } from '../../oci/descriptor.ts';
import { ociLayerType } from '../../oci/manifest.ts';
import { compress, type LayerCompression } from '../../storage/layer/compress.ts';
import { decompress } from '../../storage/layer/decompress.ts';
import type { Lease } from '../store/blob-leases.ts';
import type { Context } from '../store/context.ts';
import { madeBlob, noteMadeBlob } from '../store/made-blobs.ts';
import type { Workspace } from '../store/workspace.ts';
import { openLayer } from './stored-image.ts';

/** What the layers of an image are to be, as others get them. */
export interface WantedCompression {
  kind: LayerCompression['kind'] | 'none';
  level?: number | undefined;
  /** Also those that have a blob, as layers of a base do. */
  all?: boolean | undefined;
}

/** The usual one: what every engine reads. */
export const GZIP: WantedCompression = { kind: 'gzip' };

/** The media types of layers, by what is asked for. */
export const LAYER_TYPES = {
  gzip: MediaType.ociLayerGzip,
  zstd: MediaType.ociLayerZstd,
  none: MediaType.ociLayer,
};

/**
 * Returns the descriptor of a layer as it is to be, whose blob is in the store then, under `lease`. One that has a blob stays
 * as it is, unless it is of another kind and all are to be of this one. `own` says that it was made here: it gets the same
 * blob each time, whatever is here of it. Throws `cancelled`,
 * `notFound` for a layer of which there is nothing here, `unavailable` for a full disk.
 */
export async function compressedLayer(
  { context, workspace, lease }: { context: Context; workspace: Workspace; lease: Lease },
  layer: ImageLayer & { own?: boolean },
  { kind, level, all = false }: WantedCompression,
  signal: AbortSignal | undefined,
): Promise<Descriptor> {
  const { descriptor, diffID, own = false } = layer;
  const { database } = context;
  const mediaType = LAYER_TYPES[kind];
  const isOfKind = ociLayerType(descriptor.mediaType) === mediaType;
  const hasBlob = descriptor.digest !== diffID || workspace.blobs.has(descriptor.digest);
  if (!own && hasBlob && (isOfKind || !all)) return descriptor;
  const recipe = { diffID, kind, level };
  const before = database.transaction(() => {
    const found = madeBlob(database, recipe);
    if (found !== undefined) lease.add([found.digest]);
    return found;
  });
  if (before !== undefined && workspace.blobs.has(before.digest)) return before;
  await using draft = await workspace.blobs.begin();
  const content = contentOf(context, workspace, layer);
  const bytes = kind === 'none' ? content : compress(content, { kind, level });
  for await (const piece of bytes) {
    if (signal?.aborted) throw new EngineError('cancelled', `compressing layer ${diffID} was cancelled`);
    await draft.write(piece, `layer ${diffID}`);
  }
  const digest = draft.digest();
  const made = { mediaType, digest, size: draft.size };
  lease.add([digest]);
  await draft.publish();
  noteMadeBlob(database, recipe, made);
  return made;
}

/** The archive of a layer: of its blob, or of its files when the blob is not here. */
function contentOf(context: Context, workspace: Workspace, layer: ImageLayer): AsyncIterable<Uint8Array> {
  const { descriptor, diffID } = layer;
  if (workspace.blobs.has(descriptor.digest)) return decompress(openLayer(context, workspace, layer));
  const plain = { mediaType: MediaType.ociLayer, digest: diffID, size: 0 };
  return openLayer(context, workspace, { ...layer, descriptor: plain });
}
