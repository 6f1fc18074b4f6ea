import { DOCKER_MANIFEST, dockerManifest } from '../../image/docker-archive.ts';
import { blobName, INDEX_FILE, LAYOUT_FILE, layoutIndex, layoutVersion } from '../../image/oci-layout.ts';
import { requirePlatform } from '../../image/platform.ts';
import { familiarReference, formatReference, parseReference, type Reference } from '../../image/reference.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Platform } from '../../oci/platform.ts';
import { type ArchivedFile, tarArchive } from '../../storage/tar/archive.ts';
import { writeFiles } from '../../storage/tar/directory.ts';
import { appendImageEvent } from '../events/image.ts';
import type { Context } from '../store/context.ts';
import { type FoundImage, findImage, imageByName, tagsOf } from '../store/images.ts';
import { inWorkspace, type Workspace } from '../store/workspace.ts';
import { leaseImage, openLayer, readStoredImage, type StoredImage } from './stored-image.ts';

/**
 * `docker`: an OCI layout (OCI image spec, image-layout.md) that has Docker's `manifest.json` as well, so that every engine
 * reads it; `oci`: the layout alone.
 */
export type SaveFormat = 'docker' | 'oci';

/** A new or empty directory, or whoever reads the bytes of a tar archive to their end. */
export type SaveTarget = { directory: string } | { write(archive: AsyncIterable<Uint8Array>): Promise<void> };

export interface SaveOptions {
  format: SaveFormat;
  to: SaveTarget;
  /** The platform that the images have to be for. */
  platform?: Platform | undefined;
}

/** An image that is saved, and the names under which it will be found. */
interface Saved {
  image: StoredImage;
  references: Reference[];
}

/**
 * Saves images with all that they are made of, each layer once: the bytes of blobs as they are, so that digests stay. The
 * same images give the same archive. By the name of a repository all of its tags are saved. Throws `notFound`, also for an
 * image that is for another platform.
 */
export async function saveImages(
  context: Context,
  texts: readonly string[],
  { format, to, platform }: SaveOptions,
): Promise<void> {
  await inWorkspace(context, async (workspace) => {
    const saved = await Promise.all([...chosen(context, texts).values()].map(read(context, workspace)));
    using leases = new DisposableStack();
    for (const { image, references } of saved) {
      leases.use(leaseImage(context, image));
      if (platform !== undefined) requirePlatform(image.config.parsed, platform, nameOf(image, references));
    }
    const files = filesOf(context, workspace, { saved, format });
    if ('directory' in to) await writeFiles(to.directory, files);
    else await to.write(tarArchive(files));
    for (const { image } of saved) noteSave(context, image);
  });
}

/** Images by their ids, as one that several texts name is saved once. */
function chosen(
  { database }: Context,
  texts: readonly string[],
): Map<Digest, { found: FoundImage; references: Reference[] }> {
  const images = new Map<Digest, { found: FoundImage; references: Reference[] }>();
  const add = (found: FoundImage): void => {
    const { image, name } = found;
    const entry = images.get(image.id) ?? { found, references: [] };
    images.set(image.id, entry);
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
  return images;
}

function read(context: Context, workspace: Workspace) {
  return async ({ found, references }: { found: FoundImage; references: Reference[] }): Promise<Saved> => ({
    image: await readStoredImage(context, workspace, found),
    references,
  });
}

function nameOf({ config }: StoredImage, [reference]: readonly Reference[]): string {
  return reference === undefined ? config.digest : familiarReference(reference);
}

/** In the order of their names, but that the lists of what is there come last: whoever sees them sees the rest. */
function filesOf(
  context: Context,
  workspace: Workspace,
  { saved, format }: { saved: readonly Saved[]; format: SaveFormat },
): ArchivedFile[] {
  const blobs = new Map<string, ArchivedFile>();
  for (const { image } of saved) {
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

function documentFile(name: string, bytes: Uint8Array): ArchivedFile {
  return { name, mode: 0o644, size: bytes.length, content: () => [bytes] };
}

function entriesOf({ image: { manifest, config }, references }: Saved) {
  const { architecture, os, variant } = config.parsed;
  const platform = architecture === '' || os === '' ? undefined : { architecture, os, variant };
  const { mediaType, digest, bytes } = manifest;
  const descriptor = { mediaType, digest, size: bytes.length, platform };
  const names = references.length === 0 ? [undefined] : references;
  return names.map((reference) => ({ descriptor, reference }));
}

function dockerImage({ image: { config, layers }, references }: Saved) {
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
