import { formatReference, type Reference } from '../../image/reference.ts';
import { allEntries, blobsOfIndex, type IndexEntry, type WholeIndex } from '../../image/whole-index.ts';
import { MediaType } from '../../oci/descriptor.ts';
import type { Document } from '../../registry/upload.ts';
import { type FoundImage, manifestOf, saveImage } from '../store/images.ts';
import { type Push, pushBlob, sideBySide } from './push-blobs.ts';
import type { PushedLayer } from './push-progress.ts';
import { leaseIndex, openIndexBlob } from './stored-image.ts';

/**
 * Pushes an index with all that is in it, byte by byte as it came: blobs side by side, then manifests and indexes, each after
 * what it names, at last the index itself under the tag.
 */
export async function pushIndex(
  push: Push,
  reference: Reference,
  { found, index }: { found: FoundImage; index: WholeIndex },
): Promise<void> {
  const { context, workspace, uploads, progress, signal } = push;
  using _lease = leaseIndex(context, index);
  const entries = allEntries(index);
  const lines = linesOf(push, entries);
  await sideBySide(push, blobsOfIndex(index), async (descriptor, _, either) => {
    const line = lines.get(descriptor.digest) ?? UNSEEN;
    const open = () => openIndexBlob(workspace, descriptor.digest);
    await pushBlob(push, reference, { descriptor, open, line, signal: either });
  });
  for (const entry of entries)
    await uploads.manifest(reference, entry.descriptor.digest, documentOf(entry), signal);
  const tag = reference.tag ?? 'latest';
  const { digest, bytes } = index.document;
  await uploads.manifest(reference, tag, index.document, signal);
  keep(push, reference, { found, index });
  progress.pushed(tag, digest, bytes.length);
}

/** Layers are called by their content, like those of an image; of other manifests by their blobs. Configs are not shown. */
function linesOf({ progress }: Push, entries: readonly IndexEntry[]): Map<string, PushedLayer> {
  const names = new Map<string, IndexEntry['descriptor']['digest']>();
  for (const { image, blobs } of entries) {
    if (image === undefined) for (const { digest } of blobs) names.set(digest, digest);
    else for (const { descriptor, diffID } of image.layers) names.set(descriptor.digest, diffID);
  }
  const lines = new Map([...names].map(([digest, name]) => [digest, progress.layer(name)]));
  for (const line of lines.values()) line.preparing();
  return lines;
}

const UNSEEN: PushedLayer = {
  preparing: () => {},
  pushing: () => {},
  exists: () => {},
  mounted: () => {},
  done: () => {},
};

function documentOf({ descriptor, bytes, image, index }: IndexEntry): Document {
  const { digest, mediaType } = image?.manifest ?? index?.document ?? descriptor;
  return { bytes, digest, mediaType: mediaType === '' ? MediaType.ociManifest : mediaType };
}

/** From now on the digest that the registry knows the index by leads to it, too. */
function keep(
  { context: { database } }: Push,
  { domain, path }: Reference,
  { found: { image, name }, index }: { found: FoundImage; index: WholeIndex },
): void {
  const { digest } = index.document;
  database.transaction(() => {
    const manifest = manifestOf(database, image.id, name);
    if (manifest === undefined) return;
    const row = { ...manifest, imageId: image.id, indexDigest: digest };
    saveImage(database, image, row, [formatReference({ domain, path, digest })]);
  });
}
