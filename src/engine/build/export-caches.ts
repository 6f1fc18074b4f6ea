import { createReadStream } from 'node:fs';
import { writeCacheManifest } from '../../build/cache/manifest.ts';
import { type CacheRecord, writeRecords } from '../../build/cache/records.ts';
import { EngineError } from '../../errors.ts';
import type { ImageLayer } from '../../image/image.ts';
import { type Descriptor, MediaType } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { compress, type LayerCompression } from '../../storage/layer/compress.ts';
import { LAYER_TYPES } from '../images/compressed-layer.ts';
import { openLayer } from '../images/stored-image.ts';
import { layersWith } from '../store/images.ts';
import type { Build } from './build.ts';
import { openDirectoryTarget } from './cache-directory.ts';
import { type CacheTarget, cacheName } from './cache-options.ts';
import type { CachePlace, OutgoingBlob } from './cache-place.ts';
import { openRegistryTarget } from './cache-registry.ts';
import type { Task } from './progress.ts';
import type { RecordedStep, StepRecorder } from './step-recorder.ts';

type OtherTarget = Exclude<CacheTarget, { kind: 'inline' }>;

/**
 * Writes what a build has recorded wherever it is wanted but into the image itself, of which these are the layers. Throws what
 * goes wrong in the first place of which that is not to be ignored; the others are written first.
 */
export async function exportCaches(
  build: Build,
  recorder: StepRecorder,
  image: readonly ImageLayer[],
): Promise<void> {
  const { options, tasks, signal } = build.parts;
  await using blobs = new LayerBlobs(build);
  const failures: EngineError[] = [];
  for (const target of options.cacheTo ?? []) {
    if (target.kind === 'inline') continue;
    const where = target.kind === 'registry' ? 'registry' : 'client directory';
    const task = tasks.begin(`exporting cache to ${where}`);
    try {
      await exportCache(build, { target, steps: recorder.steps(target.mode, image), blobs, task });
      task.end({ kind: 'done' });
    } catch (error) {
      task.fail(error);
      if (!(error instanceof EngineError) || error.kind === 'cancelled' || signal.aborted) throw error;
      const { kind, hint, subject } = error;
      const message = `the cache was not written to ${cacheName(target)}: ${error.message}`;
      if (target.ignoresErrors) options.progress.warn(message);
      else failures.push(new EngineError(kind, message, { hint, subject, cause: error }));
    }
  }
  const [first] = failures;
  if (first !== undefined) throw first;
}

async function exportCache(
  build: Build,
  {
    target,
    steps,
    blobs,
    task,
  }: { target: OtherTarget; steps: readonly RecordedStep[]; blobs: LayerBlobs; task: Task },
): Promise<void> {
  const place =
    target.kind === 'registry'
      ? await openRegistryTarget(build, target, task)
      : openDirectoryTarget(target.directory);
  task.note('preparing build cache for export');
  const records: CacheRecord[] = [];
  for (const step of steps) {
    build.throwIfCancelled();
    const layer = await layerOf(step, { target, blobs, place, task });
    records.push({ keys: [...step.keys], createdAt: step.result.createdAt, layer });
  }
  const { bytes, blobs: descriptors } = writeRecords(records);
  const manifest = writeCacheManifest(bytes, descriptors);
  task.note(`writing config ${manifest.config.digest}`);
  await place.blob({ descriptor: manifest.config, open: () => once(bytes) });
  task.note(`writing cache image manifest ${manifest.digest}`);
  await place.finish(manifest);
}

async function layerOf(
  step: RecordedStep,
  { target, blobs, place, task }: { target: OtherTarget; blobs: LayerBlobs; place: CachePlace; task: Task },
): Promise<CacheRecord['layer']> {
  const { layer } = step.result;
  if (layer === undefined) return undefined;
  const { diffID, size } = layer;
  const blob = await blobs.get(step, target.compression);
  task.note(`writing layer ${blob.descriptor.digest}`);
  await place.blob(blob);
  return { diffID, size, blob: blob.descriptor };
}

/** The layers of a build as blobs, each made once. */
class LayerBlobs implements AsyncDisposable {
  readonly #build: Build;
  readonly #made = new Map<string, OutgoingBlob>();
  readonly #drafts = new AsyncDisposableStack();

  constructor(build: Build) {
    this.#build = build;
  }

  async get(step: RecordedStep, compression: CacheTarget['compression']): Promise<OutgoingBlob> {
    const { diffID } = step.result.layer ?? {};
    const key = `${compression.kind} ${compression.level} ${diffID}`;
    const made = this.#made.get(key) ?? (await this.#find(step, compression));
    this.#made.set(key, made);
    return made;
  }

  async #find(
    { below, result }: RecordedStep,
    compression: CacheTarget['compression'],
  ): Promise<OutgoingBlob> {
    const { context, workspace, imports } = this.#build.parts;
    const { chainID, diffID, size } = result.layer as NonNullable<typeof result.layer>;
    const { kind } = compression;
    const mediaType = LAYER_TYPES[kind];
    const isFit = (descriptor: Descriptor): boolean => descriptor.mediaType === mediaType;
    const known = imports?.blobOf(diffID);
    if (known !== undefined && isFit(known.descriptor)) return known;
    const stored = layersWith(context.database, diffID).find(
      (descriptor) => isFit(descriptor) && workspace.blobs.has(descriptor.digest),
    );
    if (stored !== undefined)
      return { descriptor: stored, open: () => workspace.blobs.stream(stored.digest) };
    const descriptor = { mediaType: MediaType.ociLayer, digest: diffID, size };
    const layer = { descriptor, diffID, chainID };
    await this.#build.have([...below, layer]);
    const open = () => openLayer(context, workspace, layer);
    if (kind === 'none') return { descriptor, open };
    return await this.#compressed(open(), diffID, { ...compression, kind });
  }

  async #compressed(
    archive: AsyncIterable<Uint8Array>,
    diffID: Digest,
    compression: LayerCompression,
  ): Promise<OutgoingBlob> {
    const draft = this.#drafts.use(await this.#build.parts.workspace.blobs.begin());
    for await (const piece of compress(archive, compression)) {
      this.#build.throwIfCancelled();
      await draft.write(piece, `layer ${diffID}`);
    }
    await draft.close();
    const descriptor = { mediaType: LAYER_TYPES[compression.kind], digest: draft.digest(), size: draft.size };
    return { descriptor, open: () => createReadStream(draft.path, { highWaterMark: 256 * 1024 }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#drafts.disposeAsync();
  }
}

/** The records of an image's own layers, as the text that goes with its manifest. */
export function inlineRecords(recorder: StepRecorder, image: readonly ImageLayer[]): string {
  const records = recorder.steps('min', image).map(({ keys, result: { layer, createdAt } }) => ({
    keys: [...keys],
    createdAt,
    layer: layer && { diffID: layer.diffID, size: layer.size, blob: NOWHERE(layer.diffID) },
  }));
  return Buffer.from(writeRecords(records).bytes).toString();
}

/** Not written: the image says which blobs its layers are. */
const NOWHERE = (digest: Digest): Descriptor => ({ mediaType: MediaType.ociLayer, digest, size: 0 });

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
