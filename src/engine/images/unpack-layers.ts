import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { withLock } from '../../host/lock.ts';
import type { ImageLayer } from '../../image/image.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, hexOf } from '../../oci/digest.ts';
import type { BlobStore } from '../../storage/blob-store.ts';
import type { LayerStore } from '../../storage/layer/store.ts';
import type { Context } from '../store/context.ts';
import { noteLayerSize } from '../store/layer-sizes.ts';
import type { LayerProgress, PullProgress } from './pull-progress.ts';
import { Slots } from './slots.ts';

/** Yields a blob as it lies in its registry, archive or memory; whoever reads it verifies it. */
export type OpenBlob = (descriptor: Descriptor, signal: AbortSignal) => AsyncIterable<Uint8Array>;

/** Told what is wrong with a blob that was opened; returns whether it comes from elsewhere when it is opened again. */
export type RefuseBlob = (descriptor: Descriptor, damage: EngineError) => boolean;

/** The stores of layers and their blobs. `open` is asked for the blobs that are not in the store. */
export interface LayerSources {
  blobs: BlobStore;
  layers: LayerStore;
  open: OpenBlob;
  /** Absent: nothing comes from elsewhere. */
  refuse?: RefuseBlob | undefined;
}

/** A layer that has to be here. */
export interface AskedLayer extends ImageLayer {
  /** Bytes of its archive, when somebody has said that: it is verified. */
  archiveSize?: number | undefined;
}

/** A layer of the image, and the chainIDs of those below it, bottom first. */
interface WantedLayer extends AskedLayer {
  parents: readonly Digest[];
}

const DOWNLOADS = 3;
const UNPACKS = 2;

/**
 * Brings every layer of an image that is not here into the layer store. Layers arrive side by side, bottom first; two at a
 * time unpack, while they arrive where there is room. Several processes that want the same layer do the work once: each
 * layer is made under a lock, and since locks are taken bottom first, nobody waits in a circle.
 * The first failure aborts the rest and is thrown once all have come to rest.
 */
export async function unpackLayers(
  context: Context,
  wanted: readonly AskedLayer[],
  {
    sources,
    progress,
    signal,
  }: { sources: LayerSources; progress: PullProgress; signal: AbortSignal | undefined },
): Promise<void> {
  mkdirSync(context.paths.locks, { recursive: true, mode: 0o700 });
  const abort = new AbortController();
  const either = signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal]);
  const run: Run = {
    context,
    sources,
    signal: either,
    downloads: new Slots(DOWNLOADS),
    unpacks: new Slots(UNPACKS),
    made: new Map(),
    fetching: new Map(),
    attributeLeftOut: undefined,
  };
  let failure: { error: unknown } | undefined;
  const chain = wanted.map(({ chainID }) => chainID);
  const tasks = wanted.map((each, index) => {
    const layer = { ...each, parents: chain.slice(0, index) };
    const task = bring(run, layer, progress.layer(layer.descriptor.digest)).catch((error: unknown) => {
      failure ??= { error };
      abort.abort(error);
    });
    run.made.set(layer.chainID, task);
    return task;
  });
  await Promise.all(tasks);
  if (failure !== undefined) throw failure.error;
  if (run.attributeLeftOut !== undefined) {
    const example = `"${run.attributeLeftOut}"`;
    progress.message(`Extended attributes were left out that cannot be stored here, such as ${example}`);
  }
}

/** The state that an image's layers share. `made` has the task of each layer: settled means there, or failed and aborted. */
interface Run {
  context: Context;
  sources: LayerSources;
  signal: AbortSignal;
  downloads: Slots;
  unpacks: Slots;
  made: Map<Digest, Promise<void>>;
  /** Blobs on their way: an image may name one blob for several of its layers. */
  fetching: Map<Digest, Promise<void>>;
  /** The name of one that a layer had and the file system could not hold. */
  attributeLeftOut: string | undefined;
}

async function bring(run: Run, layer: WantedLayer, progress: LayerProgress): Promise<void> {
  const { layers } = run.sources;
  if (layers.has(layer.chainID)) return progress.exists();
  progress.downloading(0, layer.descriptor.size);
  await run.downloads.take();
  const { promise: arrived, resolve: markArrived } = Promise.withResolvers<void>();
  let downloading = true;
  const downloaded = () => {
    if (downloading) run.downloads.release();
    downloading = false;
    markArrived();
  };
  const { digest } = layer.descriptor;
  const earlier = run.fetching.get(digest);
  run.fetching.set(digest, arrived);
  try {
    await earlier;
    run.signal.throwIfAborted();
    const lock = join(run.context.paths.locks, hexOf(layer.chainID));
    await withLock(run.context.helper, lock, () => make(run, layer, { progress, downloaded }), {
      signal: run.signal,
    });
  } finally {
    downloaded();
  }
}

interface Making {
  progress: LayerProgress;
  /** Gives the place among the downloads back; calling it again does nothing. */
  downloaded(): void;
}

/** Under the layer's lock: another process may have made it meanwhile, or have left its blob. */
async function make(run: Run, layer: WantedLayer, { progress, downloaded }: Making): Promise<void> {
  const { blobs, layers } = run.sources;
  if (layers.has(layer.chainID)) return progress.exists();
  const stored = blobs.has(layer.descriptor.digest);
  // What stands on a whole tree waits for that, and its registry need not.
  const waits = layer.parents.length > 0 && (await layers.isWhole());
  const atOnce = !waits && run.unpacks.tryTake();
  try {
    if (stored) downloaded();
    else if (!atOnce) await fetch(run, layer, { progress, downloaded });
    else {
      const source = arriving(run, layer, { progress, downloaded });
      try {
        return await unpack(run, layer, { progress, source });
      } catch (error) {
        await fetch(run, layer, { progress, downloaded }, error);
      }
    }
    if (!atOnce) await run.unpacks.take();
    try {
      await unpack(run, layer, { progress, source: reading(run, layer, progress) });
    } finally {
      if (!atOnce) run.unpacks.release();
    }
  } finally {
    if (atOnce) run.unpacks.release();
  }
}

/**
 * Stores a layer's blob, from wherever it is whole. `wrong`: what was thrown when it came before; thrown again when it comes
 * from nowhere else.
 */
async function fetch(run: Run, layer: WantedLayer, making: Making, wrong?: unknown): Promise<void> {
  for (let before = wrong; ; ) {
    if (before !== undefined && !comesFromElsewhere(run, layer, before)) throw before;
    try {
      for await (const _ of arriving(run, layer, making));
      return;
    } catch (error) {
      before = error;
    }
  }
}

/** A blob that is in the store is what its digest says, whatever is wrong with the layer. */
function comesFromElsewhere(
  { sources: { blobs, refuse }, signal }: Run,
  { descriptor }: WantedLayer,
  error: unknown,
): boolean {
  if (signal.aborted || blobs.has(descriptor.digest) || !(error instanceof EngineError)) return false;
  const isDamage = error.kind === 'invalid' || error.kind === 'unsupported';
  return isDamage && refuse?.(descriptor, error) === true;
}

async function unpack(
  run: Run,
  { chainID, diffID, descriptor, parents, archiveSize: size }: WantedLayer,
  { progress, source }: { progress: LayerProgress; source: AsyncIterable<Uint8Array> },
): Promise<void> {
  const { layers, blobs } = run.sources;
  const content = await layers.unpack(
    { chainID, diffID, size, mediaType: descriptor.mediaType, name: descriptor.digest },
    source,
    {
      signal: run.signal,
      helper: run.context.helper,
      lowers: async () => {
        await withoutPlace(run.unpacks, () => Promise.all(parents.map((parent) => run.made.get(parent))));
        run.signal.throwIfAborted();
        return parents.map((parent) => layers.directory(parent)).reverse();
      },
      reopen: () => blobs.stream(descriptor.digest),
    },
  );
  if (content !== undefined) noteLayerSize(run.context.database, chainID, content.bytes);
  run.attributeLeftOut ??= content?.attributeLeftOut;
  progress.done();
}

/** Waits for the layers below without holding a place that their unpacking needs. */
async function withoutPlace(slots: Slots, wait: () => Promise<unknown>): Promise<void> {
  slots.release();
  try {
    await wait();
  } finally {
    await slots.take();
  }
}

/** The blob from where it comes from, stored and verified while it passes. */
async function* arriving(
  run: Run,
  { descriptor }: WantedLayer,
  { progress, downloaded }: Making,
): AsyncGenerator<Uint8Array> {
  let current = 0;
  for await (const chunk of run.sources.blobs.tee(descriptor, run.sources.open(descriptor, run.signal))) {
    current += chunk.length;
    progress.downloading(current, descriptor.size);
    yield chunk;
  }
  downloaded();
  progress.downloaded();
}

async function* reading(
  run: Run,
  { descriptor }: WantedLayer,
  progress: LayerProgress,
): AsyncGenerator<Uint8Array> {
  let current = 0;
  for await (const chunk of run.sources.blobs.stream(descriptor.digest)) {
    run.signal.throwIfAborted();
    current += chunk.length;
    progress.extracting(current, descriptor.size);
    yield chunk;
  }
}
