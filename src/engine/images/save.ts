import { DOCKER_MANIFEST, dockerManifest } from '../../image/docker-archive.ts';
import { imageOfConfig } from '../../image/image.ts';
import { blobName, INDEX_FILE, LAYOUT_FILE, layoutIndex, layoutVersion } from '../../image/oci-layout.ts';
import { familiarReference, formatReference, parseReference, type Reference } from '../../image/reference.ts';
import { allEntries, blobsOfIndex, type WholeIndex } from '../../image/whole-index.ts';
import { MediaType } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Platform } from '../../oci/platform.ts';
import { type ArchivedFile, tarArchive } from '../../storage/tar/archive.ts';
import { writeFiles } from '../../storage/tar/directory.ts';
import { appendImageEvent } from '../events/image.ts';
import type { Context } from '../store/context.ts';
import { type FoundImage, findImage, imageByName, tagsOf } from '../store/images.ts';
import { inWorkspace, type Workspace } from '../store/workspace.ts';
import { wholeIndexOf } from './other-platform.ts';
import {
  leaseImage,
  leaseIndex,
  openIndexBlob,
  openLayer,
  readStoredImageFor,
  type StoredImage,
} from './stored-image.ts';

/**
 * `docker`: an OCI layout (OCI image spec, image-layout.md) that has Docker's `manifest.json` as well, so that every engine
 * reads it; `oci`: the layout alone, in which all manifests are the image spec's own.
 */
export type SaveFormat = 'docker' | 'oci';

/** A new or empty directory, or whoever reads the bytes of a tar archive to their end. */
export type SaveTarget = { directory: string } | { write(archive: AsyncIterable<Uint8Array>): Promise<void> };

export interface SaveOptions {
  format: SaveFormat;
  to: SaveTarget;
  /** The platform that the images have to be for: of a kept index that image alone is saved. */
  platform?: Platform | undefined;
}

/** An image that is saved, and the names under which it will be found: with the index to which they lead, if that is whole. */
export interface SavedImage {
  image: StoredImage;
  index: WholeIndex | undefined;
  references: Reference[];
}

/**
 * Saves images with all that they are made of, each layer once: the bytes of blobs as they are, so that digests stay. An index
 * that is here whole is saved whole, unless a platform is asked for. The same images give the same archive. By the name of a repository all of its tags are saved. Throws `notFound`, also for an
 * image that is for another platform.
 */
export async function saveImages(
  context: Context,
  texts: readonly string[],
  { format, to, platform }: SaveOptions,
): Promise<void> {
  await inWorkspace(context, async (workspace) => {
    const read = reader(context, workspace, { platform, format });
    const saved = await Promise.all(chosen(context, texts, platform).map(read));
    await writeImages(context, workspace, saved, { format, to });
    for (const { image } of saved) noteSave(context, image);
  });
}

/** Writes images of which everything is here, whether or not a row names them. */
export async function writeImages(
  context: Context,
  workspace: Workspace,
  saved: readonly SavedImage[],
  { format, to }: Pick<SaveOptions, 'format' | 'to'>,
): Promise<void> {
  using leases = new DisposableStack();
  for (const { image, index } of saved) {
    leases.use(leaseImage(context, image));
    if (index !== undefined) leases.use(leaseIndex(context, index));
  }
  const files = filesOf(context, workspace, { saved, format });
  if ('directory' in to) await writeFiles(to.directory, files);
  else await to.write(tarArchive(files));
}

interface Chosen extends Omit<SavedImage, 'image'> {
  found: FoundImage;
}

/** What texts name, once, by whatever several of them name. */
function chosen({ database }: Context, texts: readonly string[], platform: Platform | undefined): Chosen[] {
  const all = new Map<Digest, Chosen>();
  const add = (found: FoundImage): void => {
    const { image, name } = found;
    const index = platform === undefined ? wholeIndexOf(database, found) : undefined;
    const key = index?.document.digest ?? image.id;
    const entry = all.get(key) ?? { found, index, references: [] };
    all.set(key, entry);
    const reference = name === undefined ? undefined : parseReference(name);
    if (reference?.tag === undefined) return;
    if (!entry.references.some((known) => formatReference(known) === name)) entry.references.push(reference);
  };
  for (const text of texts) {
    const tags = tagsOf(database, text);
    if (tags.length === 0) add(findImage(database, text));
    for (const name of tags) {
      const image = imageByName(database, name);
      if (image !== undefined) add({ image, name });
    }
  }
  return [...all.values()];
}

function reader(
  context: Context,
  workspace: Workspace,
  { platform, format }: Pick<SaveOptions, 'platform' | 'format'>,
) {
  return async ({ found, index, references }: Chosen): Promise<SavedImage> => {
    const [reference] = references;
    const text = reference === undefined ? found.image.id : familiarReference(reference);
    const image = await readStoredImageFor(context, workspace, found, { platform, text });
    // An index that goes whole names its manifests as they are.
    const asItIs = format !== 'oci' || index !== undefined;
    return { image: asItIs ? image : inTypesOfTheSpec(image), index, references };
  };
}

/** What reads layouts finds no manifest of Docker's there (containers/image, umoci). Config and layers are the same bytes. */
function inTypesOfTheSpec(image: StoredImage): StoredImage {
  const { manifest, config, layers } = image;
  if (manifest.mediaType === MediaType.ociManifest) return image;
  const descriptors = layers.map(({ descriptor }) => descriptor);
  return { ...imageOfConfig(config.bytes, descriptors, manifest.parsed.annotations), index: undefined };
}

/** In the order of their names, but that the lists of what is there come last: whoever sees them sees the rest. */
function filesOf(
  context: Context,
  workspace: Workspace,
  { saved, format }: { saved: readonly SavedImage[]; format: SaveFormat },
): ArchivedFile[] {
  const blobs = new Map<string, ArchivedFile>();
  for (const { image, index } of saved) {
    for (const [digest, file] of index === undefined ? [] : filesOfIndex(workspace, index))
      blobs.set(digest, file);
    for (const { digest, bytes } of [image.manifest, image.config])
      blobs.set(digest, documentFile(blobName(digest), bytes));
    for (const layer of image.layers) {
      const { digest, size } = layer.descriptor;
      blobs.set(digest, {
        name: blobName(digest),
        mode: 0o644,
        size,
        content: () => openLayer(context, workspace, layer),
      });
    }
  }
  const sorted = [...blobs].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, file]) => file);
  return [
    ...sorted,
    documentFile(LAYOUT_FILE, layoutVersion()),
    documentFile(INDEX_FILE, layoutIndex(saved.flatMap(entriesOf))),
    ...(format === 'docker' ? [documentFile(DOCKER_MANIFEST, dockerManifest(saved.map(dockerImage)))] : []),
  ];
}

function filesOfIndex(workspace: Workspace, index: WholeIndex): Map<Digest, ArchivedFile> {
  const { digest: top, bytes: text } = index.document;
  const documents = [{ digest: top, bytes: text }];
  for (const { descriptor, bytes } of allEntries(index)) documents.push({ digest: descriptor.digest, bytes });
  return new Map([
    ...blobsOfIndex(index).map(({ digest, size }): [Digest, ArchivedFile] => [
      digest,
      { name: blobName(digest), mode: 0o644, size, content: () => openIndexBlob(workspace, digest) },
    ]),
    ...documents.map(({ digest, bytes }): [Digest, ArchivedFile] => [
      digest,
      documentFile(blobName(digest), bytes),
    ]),
  ]);
}

function documentFile(name: string, bytes: Uint8Array): ArchivedFile {
  return { name, mode: 0o644, size: bytes.length, content: () => [bytes] };
}

function entriesOf({ image: { manifest, config }, index, references }: SavedImage) {
  const { architecture, os, variant } = config.parsed;
  const isSaid = index === undefined && architecture !== '' && os !== '';
  const { mediaType, digest, bytes } = index?.document ?? manifest;
  const platform = isSaid ? { architecture, os, variant } : undefined;
  const descriptor = { mediaType, digest, size: bytes.length, platform };
  const names = references.length === 0 ? [undefined] : references;
  return names.map((reference) => ({ descriptor, reference }));
}

function dockerImage({ image: { config, layers }, references }: SavedImage) {
  return {
    config: blobName(config.digest),
    layers: layers.map(({ descriptor }) => blobName(descriptor.digest)),
    names: references.map(familiarReference),
  };
}

function noteSave(context: Context, { config: { digest: id, bytes } }: StoredImage): void {
  const config = new TextDecoder().decode(bytes);
  appendImageEvent(context, 'save', { id, name: id, config });
}
