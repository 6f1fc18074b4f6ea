import { composeIndex, type PlatformImage } from '../../image/compose-index.ts';
import { type Image, imageOfConfig } from '../../image/image.ts';
import { formatPlatform } from '../../image/platform.ts';
import { imageOfIndex, type WholeIndex } from '../../image/whole-index.ts';
import { MediaType } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { intake } from '../images/intake.ts';
import { blobOfLayer } from '../images/layer-blob.ts';
import { type ImageName, noteTag } from '../images/name.ts';
import { saveIndex } from '../images/save.ts';
import { takeLease } from '../store/blob-leases.ts';
import { discardUnreferenced } from '../store/garbage.ts';
import type { BuildParts } from './build.ts';
import type { BuildOutput } from './options.ts';
import type { Task } from './progress.ts';

/** What is common to the builds for all platforms. */
type CommonParts = Pick<BuildParts, 'context' | 'workspace' | 'tasks' | 'signal'>;

/** The same, with a lease of the blobs that are made. */
type LeasedParts = CommonParts & Pick<BuildParts, 'lease'>;

/** What becomes of an index. */
interface IndexExport {
  names: readonly ImageName[];
  outputs: readonly BuildOutput[];
}

/**
 * Makes an index of images that were built for several platforms, which goes whole wherever it goes: into the store, if it is to
 * stay there, and into archives. The layers of its images are blobs then, compressed as registries get them.
 */
export async function exportIndex(
  parts: CommonParts,
  images: readonly PlatformImage[],
  { names, outputs }: IndexExport,
): Promise<WholeIndex> {
  const { context, tasks, workspace } = parts;
  using lease = takeLease(context.database, []);
  const stays = outputs.some(({ kind }) => kind === 'image');
  const stored = names.map((name) => name.stored);
  const index = await tasks.do('exporting to image', async (task) => {
    const made = await indexOf({ ...parts, lease }, images, task);
    if (stays) await keep(parts, made, { names, task });
    return made;
  });
  for (const output of outputs) {
    if (output.kind !== 'archive') continue;
    const { format, to } = output;
    await tasks.do(`exporting to ${format} image format`, () =>
      saveIndex(context, workspace, index, { format, to, as: stored }),
    );
  }
  if (stays) return index;
  lease.release();
  discardUnreferenced(context);
  return index;
}

async function indexOf(
  parts: LeasedParts,
  images: readonly PlatformImage[],
  task: Task,
): Promise<WholeIndex> {
  const blobs = new Map<Digest, ReturnType<typeof blobOfLayer>>();
  const complete: PlatformImage[] = [];
  for (const { image, platform } of images) {
    complete.push({ image: await withBlobs(parts, image, blobs), platform });
    task.note(`exporting manifest ${complete.at(-1)?.image.manifest.digest} ${formatPlatform(platform)}`);
  }
  const index = composeIndex(complete);
  task.note(`exporting manifest list ${index.document.digest}`);
  return index;
}

/** The same image as others get it. What has the same content has one blob, also of several images. */
async function withBlobs(
  { context, workspace, lease, signal }: LeasedParts,
  { config, layers, manifest }: Image,
  blobs: Map<Digest, ReturnType<typeof blobOfLayer>>,
): Promise<Image> {
  const keepBlob = (digest: Digest): void => lease.add([digest]);
  const descriptors = layers.map((layer) => {
    const { diffID, descriptor } = layer;
    // It was unpacked already when its image was pulled: there is another blob, or its tree.
    const tree = { mediaType: MediaType.ociLayer, digest: diffID, size: 0 };
    const own = workspace.blobs.has(descriptor.digest) ? layer : { ...layer, descriptor: tree };
    const blob = blobs.get(diffID) ?? blobOfLayer(context, workspace, own, { keep: keepBlob, signal });
    blobs.set(diffID, blob);
    return blob;
  });
  keepBlob(config.digest);
  await workspace.blobs.put(config.bytes);
  return imageOfConfig(config.bytes, await Promise.all(descriptors), manifest.parsed.annotations);
}

async function keep(
  { context, workspace, signal }: CommonParts,
  index: WholeIndex,
  { names, task }: { names: readonly ImageName[]; task: Task },
): Promise<void> {
  const stored = names.map((name) => name.stored);
  const image = await imageOfIndex(index, undefined);
  const { image: row } = await intake(context, workspace, image, { names: stored, whole: index, signal });
  for (const name of names) {
    task.note(`naming to ${name.stored}`);
    noteTag(context, row, name);
  }
}
