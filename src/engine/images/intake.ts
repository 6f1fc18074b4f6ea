import { EngineError } from '../../errors.ts';
import type { Image, ImageDocument } from '../../image/image.ts';
import { allEntries, blobsOfIndex, type WholeIndex } from '../../image/whole-index.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Index } from '../../oci/manifest.ts';
import { appendImageEvent } from '../events/image.ts';
import { takeLease } from '../store/blob-leases.ts';
import type { Context } from '../store/context.ts';
import { type ImageRow, imageById, imageByName, type ManifestRow, saveImage } from '../store/images.ts';
import { dropUnnamedIndexes, holdIndex, saveIndex } from '../store/indexes.ts';
import { sizeOfLayers } from '../store/layer-sizes.ts';
import type { Workspace } from '../store/workspace.ts';
import { fetchBlobs } from './fetch-blobs.ts';
import { type PullProgress, SILENT } from './pull-progress.ts';
import { type OpenBlob, type RefuseBlob, unpackLayers } from './unpack-layers.ts';

/** The circumstances in which an image enters the store. */
export interface IntakeOptions {
  /** Canonical references that lead to it from now on, whatever they led to before. Without any it dangles. */
  names: readonly string[];
  /** The index that it was chosen from, which is kept beside it. */
  index?: ImageDocument<Index> | undefined;
  /**
   * The same with all that is in it, which is kept, too, as long as one of the names leads to it, or without any the image is
   * here: manifests, configs and layers of other platforms, as blobs.
   */
  whole?: WholeIndex | undefined;
  /** Opens the blobs that the store has not, those of layers only if they are not unpacked either; absent: it has them all. */
  open?: OpenBlob | undefined;
  /** Told of bytes that are not the blob; whether it may be opened once more. Absent: it may not. */
  refuse?: RefuseBlob | undefined;
  /**
   * The event for the journal: its action in Docker's words (`pull`, `load`, `import`), and the image that it happened
   * to. Absent: none is written.
   */
  event?: { action: string; id: string; name: string } | undefined;
  progress?: PullProgress | undefined;
  signal?: AbortSignal | undefined;
}

/** An image that has entered the store. */
export interface TakenIn {
  image: ImageRow;
  /** The ids of the images that the names led to before, by name. */
  before: ReadonlyMap<string, Digest>;
}

/**
 * Makes an image one of this store, runnable: its layers are verified and unpacked where they are not yet, its documents
 * become blobs, and at last the rows name it, all at once. From the start on a lease keeps whatever the rows will name; it
 * ends in their transaction, so that an image which is removed right after it takes everything with it. Whatever goes
 * wrong before leaves nothing that has a name. An image that is here already gets the new names.
 *
 * Throws what the stores and `open` throw, and `notFound` for a layer that is not here when nothing opens it.
 */
export async function intake(
  context: Context,
  { blobs, layers }: Workspace,
  image: Image,
  asked: IntakeOptions,
): Promise<TakenIn> {
  const { database } = context;
  const { names, whole, index = whole?.document, event } = asked;
  const { open = nothing, refuse, progress = SILENT, signal } = asked;
  const documents = [
    ...[image.config, image.manifest, ...(index === undefined ? [] : [index])],
    ...(whole === undefined ? [] : documentsOfIndex(whole)),
  ];
  const others = whole === undefined ? [] : blobsOfIndex(whole);
  const layerBlobs = image.layers.map(({ descriptor }) => descriptor.digest);
  const chain = image.layers.map(({ chainID }) => chainID);
  const digests = [...documents, ...others].map(({ digest }) => digest);
  using lease = takeLease(database, [...digests, ...layerBlobs, ...chain]);
  await unpackLayers(context, image.layers, { sources: { blobs, layers, open, refuse }, progress, signal });
  for (const { bytes } of documents) await blobs.put(bytes);
  await fetchBlobs(blobs, others, { open, refuse, progress, signal });
  const row = rowOf(image, chain, await sizeOfLayers(context, layers, chain));
  const taken = database.transaction(() => {
    const before = ledTo(context, names);
    if (whole !== undefined) saveIndex(database, whole);
    saveImage(database, row, manifestRowOf(image, index), names);
    if (whole !== undefined && names.length === 0) holdIndex(database, whole.document.digest, row.id);
    dropUnnamedIndexes(database);
    lease.release();
    return { image: imageById(database, row.id) ?? row, before };
  });
  if (event !== undefined) appendImageEvent(context, event.action, { ...event, config: row.config });
  return taken;
}

/** The documents of an index whose texts are known: manifests, indexes, and configs of images. */
function documentsOfIndex(whole: WholeIndex): Pick<ImageDocument<unknown>, 'digest' | 'bytes'>[] {
  return allEntries(whole).flatMap(({ descriptor: { digest }, bytes, image }) => [
    { digest, bytes },
    ...(image === undefined ? [] : [image.config]),
  ]);
}

function ledTo({ database }: Context, names: readonly string[]): Map<string, Digest> {
  const before = new Map<string, Digest>();
  for (const name of names) {
    const image = imageByName(database, name);
    if (image !== undefined) before.set(name, image.id);
  }
  return before;
}

/** The row of an image; `layers` are chainIDs, bottom first, `size` is what they take unpacked. */
export function rowOf({ config }: Image, layers: Digest[], size: number): ImageRow {
  return {
    id: config.digest,
    config: new TextDecoder().decode(config.bytes),
    layers,
    size,
    createdAt: Date.now(),
  };
}

/** The row of its manifest, and of the index that it was chosen from. */
export function manifestRowOf(
  { manifest, config }: Image,
  index: ImageDocument<Index> | undefined,
): ManifestRow {
  return {
    digest: manifest.digest,
    imageId: config.digest,
    mediaType: manifest.mediaType,
    body: new TextDecoder().decode(manifest.bytes),
    indexDigest: index?.digest,
  };
}

/** The source of an image whose layers are here. */
function nothing({ digest }: Descriptor): never {
  throw new EngineError('notFound', `blob ${digest} is not in the store`, { subject: digest });
}
