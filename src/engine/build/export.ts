import { EngineError } from '../../errors.ts';
import { composeIndex, type PlatformImage } from '../../image/compose-index.ts';
import { inDockerTypes } from '../../image/docker-types.ts';
import { composeImage, type Image } from '../../image/image.ts';
import { formatPlatform } from '../../image/platform.ts';
import { parseReference } from '../../image/reference.ts';
import { imageOfIndex, type WholeIndex } from '../../image/whole-index.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { compressedLayer, GZIP } from '../images/compressed-layer.ts';
import { intake } from '../images/intake.ts';
import { type ImageName, imageNameOf, noteTag } from '../images/name.ts';
import { descriptorHere } from '../images/stored-image.ts';
import { type Lease, takeLease } from '../store/blob-leases.ts';
import { discardUnreferenced } from '../store/garbage.ts';
import { trashOf } from '../store/trash.ts';
import type { Build, BuildParts } from './build.ts';
import type { BuiltStage } from './built-stage.ts';
import type { BuildOutput, ImageForm } from './options.ts';
import type { PlatformStage } from './output.ts';
import type { Task } from './progress.ts';

/** An image that was built, or an index of images for several platforms. */
export interface BuiltImage {
  /** The digest of its config; of an index that of itself. */
  id: Digest;
  /** Its manifest, or the index: what a registry has it by once it was pushed, if its layers were compressed. */
  descriptor: Descriptor;
  /** Absent: it is an index. */
  image: Image | undefined;
  /** Canonical. */
  names: readonly string[];
}

type ImageOutput = Extract<BuildOutput, { kind: 'image' | 'archive' }>;

/** What is made for one output. */
interface Made {
  /** One for each platform. */
  images: readonly PlatformImage[];
  /** Of several. */
  index: WholeIndex | undefined;
}

/**
 * Makes an image of what was built for each platform, and an index of several, as each output wants it: for this store, or an
 * archive, of which the store keeps nothing. Returns that of the store, else the first one; undefined when none is wanted.
 */
export async function exportImages(
  stages: readonly PlatformStage[],
  outputs: readonly BuildOutput[],
): Promise<BuiltImage | undefined> {
  const made: { kind: ImageOutput['kind']; image: BuiltImage }[] = [];
  for (const output of outputs) {
    const { kind } = output;
    if (kind === 'image') made.push({ kind, image: await keepImage(stages, output) });
    if (kind === 'archive') made.push({ kind, image: await archiveImage(stages, output) });
  }
  return (made.find(({ kind }) => kind === 'image') ?? made[0])?.image;
}

/** Brings an image, or an index and all its images, into the store. */
async function keepImage(
  stages: readonly PlatformStage[],
  { form = {} }: Extract<BuildOutput, { kind: 'image' }>,
): Promise<BuiltImage> {
  const { context, workspace, tasks, lease, options } = partsOf(stages);
  const names = namesOf(options, form);
  return await tasks.do('exporting to image', async (task) => {
    const made = await make(stages, { form, lease, isComplete: false }, task);
    const stored = names.map((name) => name.stored);
    const image = imageOfMade(made);
    const { image: row } = await intake(context, workspace, await image, {
      names: stored,
      whole: made.index,
    });
    task.note(`writing image ${row.id} done`);
    for (const name of names) {
      noteTag(context, row, name);
      task.note(`naming to ${name.stored} done`);
    }
    return built(made, stored);
  });
}

/** Writes it into an archive or a layout. What was compressed for that is garbage afterwards. */
async function archiveImage(
  stages: readonly PlatformStage[],
  { format, to, form = {} }: Extract<BuildOutput, { kind: 'archive' }>,
): Promise<BuiltImage> {
  const { context, workspace, tasks, options } = partsOf(stages);
  const names = namesOf(options, form).map(({ stored }) => stored);
  const made = await tasks.do(`exporting to ${format} image format`, async (task) => {
    const { writeImages } = await import('../images/save.ts');
    using lease = takeLease(context.database, []);
    const whole = await make(stages, { form, lease, isComplete: true }, task);
    const references = names.map((name) => parseReference(name));
    const image = { ...(await imageOfMade(whole)), index: undefined };
    await writeImages(context, workspace, [{ image, index: whole.index, references }], { format, to });
    return whole;
  });
  const trash = trashOf(context);
  discardUnreferenced(context, trash);
  await trash.empty();
  return built(made, names);
}

/** Of an index, that of this machine, or the first one. */
async function imageOfMade({ images, index }: Made): Promise<Image> {
  if (index !== undefined) return await imageOfIndex(index, undefined);
  const [only] = images;
  if (only === undefined) throw new EngineError('internal', 'an image is built for no platform');
  return only.image;
}

function built({ images, index }: Made, names: readonly string[]): BuiltImage {
  const image = index === undefined ? images[0]?.image : undefined;
  const document = index?.document ?? image?.manifest;
  if (document === undefined) throw new EngineError('internal', 'an image is built for no platform');
  const { mediaType, digest, bytes } = document;
  const descriptor = { mediaType, digest, size: bytes.length };
  return { id: image?.config.digest ?? digest, descriptor, image, names };
}

/** What the builds for all platforms have in common. */
function partsOf([first]: readonly PlatformStage[]): BuildParts {
  if (first === undefined) throw new EngineError('internal', 'an image is built for no platform');
  return first.build.parts;
}

interface Making {
  form: ImageForm;
  /** Keeps the blobs that are made. */
  lease: Lease;
  /** All bytes of it have to be here, as blobs or as what they are made of. */
  isComplete: boolean;
}

/** Whatever goes into an index is complete, and compressed. */
async function make(
  stages: readonly PlatformStage[],
  { form, lease, isComplete }: Making,
  task: Task,
): Promise<Made> {
  const isIndex = stages.length > 1;
  const compression = form.compression ?? (isComplete || isIndex ? GZIP : undefined);
  const images: PlatformImage[] = [];
  for (const { build, stage, platform } of stages) {
    const making = { form: { ...form, compression }, lease, isComplete: isComplete || isIndex };
    const image = await imageOf(build, stage, making);
    const { digest } = image.manifest;
    task.note(`exporting manifest ${digest}${isIndex ? ` ${formatPlatform(platform)}` : ''} done`);
    if (isIndex) await keepConfig(build, image, lease);
    images.push({ image, platform });
  }
  if (!isIndex) return { images, index: undefined };
  const index = composeIndex(images);
  task.note(`exporting manifest list ${index.document.digest}`);
  return { images, index };
}

/** The images of an index are found in it by their blobs. */
async function keepConfig({ parts: { workspace } }: Build, { config }: Image, lease: Lease): Promise<void> {
  lease.add([config.digest]);
  await workspace.blobs.put(config.bytes);
}

/** With an inline cache the manifest has the records of the image's layers. */
async function withRecords(
  { parts: { options, recorder, tasks } }: Build,
  { layers }: BuiltStage,
): Promise<Record<string, string> | undefined> {
  const isAsked = options.cacheTo?.some(({ kind }) => kind === 'inline') === true;
  if (recorder === undefined || !isAsked) return options.annotations;
  const [{ inlineRecords }, { INLINE_ANNOTATION }] = await Promise.all([
    import('./export-caches.ts'),
    import('../../build/cache/manifest.ts'),
  ]);
  const text = await tasks.do('exporting inline cache', async () => inlineRecords(recorder, layers));
  return { ...options.annotations, [INLINE_ANNOTATION]: text };
}

/** Those of the build, and of this output besides. */
function namesOf(options: BuildParts['options'], { names = [] }: ImageForm): ImageName[] {
  const all = [...options.names, ...names].flatMap((name) => imageNameOf(name) ?? []);
  return [...new Map(all.map((name) => [name.stored, name])).values()];
}

async function imageOf(build: Build, stage: BuiltStage, { form, lease, isComplete }: Making): Promise<Image> {
  const { context, workspace, options, signal } = build.parts;
  const { compression } = form;
  const { config, ...about } = stage.state.config;
  const layers = [];
  for (const [index, layer] of stage.layers.entries()) {
    if (compression === undefined) {
      layers.push(layer);
      continue;
    }
    const descriptorNow = isComplete ? descriptorHere(context, workspace, layer) : layer.descriptor;
    // One of a base that was unpacked already when its image was pulled may have no blob: it is made of its files.
    const isMissing = isComplete && !workspace.blobs.has(descriptorNow.digest);
    const known = { ...layer, own: index >= stage.inherited.layers || isMissing, descriptor: descriptorNow };
    const descriptor = await compressedLayer({ context, workspace, lease }, known, compression, signal);
    layers.push({ descriptor, diffID: layer.diffID });
  }
  const { labels } = options;
  const image = composeImage({
    config: {
      ...about,
      ...datesOf(stage, options.latest),
      config: labels === undefined ? config : { ...config, Labels: { ...config.Labels, ...labels } },
    },
    layers,
    annotations: annotationsOf(await withRecords(build, stage), form.annotations),
  });
  return form.types === 'docker' ? inDockerTypes(image) : image;
}

/** With SOURCE_DATE_EPOCH that is when it was made, and nothing is later; when steps were done is not said. */
function datesOf({ created, history, inherited }: BuiltStage, latest: number | undefined) {
  if (latest === undefined) return { created: created ?? new Date(0).toISOString(), history: [...history] };
  const epoch = new Date(latest * 1000);
  const isBefore = (time: string | undefined) => time !== undefined && new Date(time) <= epoch;
  return {
    created: epoch.toISOString(),
    history: history.map((entry, index) =>
      index < inherited.history && isBefore(entry.created)
        ? entry
        : { ...entry, created: epoch.toISOString() },
    ),
  };
}

function annotationsOf(...all: (Readonly<Record<string, string>> | undefined)[]) {
  const annotations: Record<string, string> = Object.assign({}, ...all);
  return Object.keys(annotations).length === 0 ? undefined : annotations;
}
