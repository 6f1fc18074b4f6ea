import type { CacheRecord, RecordedLayer } from '../../build/cache/records.ts';
import { EngineError } from '../../errors.ts';
import type { ImageLayer } from '../../image/image.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { type AskedLayer, unpackLayers } from '../images/unpack-layers.ts';
import type { Lease } from '../store/blob-leases.ts';
import type { Context } from '../store/context.ts';
import { notedLayerSizes } from '../store/layer-sizes.ts';
import type { Workspace } from '../store/workspace.ts';
import { chainWith } from './built-stage.ts';
import { keyOf, type StepCache, type StepKey, type StepResult } from './cache.ts';
import { type CacheSource, cacheName } from './cache-options.ts';
import { type OpenCacheOptions, type OpenedCache, openCache } from './open-cache.ts';
import { type Tasks, taskProgress } from './progress.ts';

/** What a build lends to the caches that it reads. */
export interface Importing {
  context: Context;
  workspace: Workspace;
  cache: StepCache;
  lease: Lease;
  tasks: Tasks;
  signal: AbortSignal;
}

/** A layer that a cache has, and what is to be noted of it once it is here. */
interface FoundLayer {
  layer: RecordedLayer;
  cache: OpenedCache;
  step: StepKey & { key: Digest };
  result: StepResult;
}

/**
 * Reads the records of caches side by side. One that is not there, cannot be reached or is malformed is left out, and told
 * of. Throws `cancelled` only.
 */
export async function importCaches(
  sources: readonly CacheSource[],
  importing: Importing,
  {
    warn,
    ...options
  }: Omit<OpenCacheOptions, 'blobs' | 'signal' | 'warn'> & {
    warn: (sentence: string) => void;
  },
): Promise<ImportedCaches> {
  const { context, workspace, tasks, signal } = importing;
  const open = async (source: CacheSource): Promise<OpenedCache[]> => {
    const name = cacheName(source);
    const task = tasks.begin(`importing cache manifest from ${name}`);
    try {
      const found = await openCache(context, source, {
        ...options,
        blobs: workspace.blobs,
        warn: ({ message }) => task.note(message),
        signal,
      });
      task.end({ kind: 'done' });
      return [found];
    } catch (error) {
      task.fail(error);
      if (!(error instanceof EngineError) || error.kind === 'cancelled' || signal.aborted) throw error;
      const { message, hint } = error;
      warn(`cache ${name} is not used: ${message}${hint === undefined ? '' : ` (${hint})`}`);
      return [];
    }
  };
  return new ImportedCaches(importing, (await Promise.all(sources.map(open))).flat());
}

/** The caches that a build reads besides that of its store. Their layers are fetched when somebody needs their files. */
export class ImportedCaches {
  readonly #importing: Importing;
  readonly #records = new Map<Digest, { record: CacheRecord; cache: OpenedCache }>();
  readonly #blobs = new Map<Digest, { descriptor: Descriptor; cache: OpenedCache }>();
  /** By chainID. */
  readonly #found = new Map<Digest, FoundLayer>();
  /** Settles when nothing is being fetched. */
  #fetching: Promise<unknown> = Promise.resolve();

  constructor(importing: Importing, caches: readonly OpenedCache[]) {
    this.#importing = importing;
    for (const cache of caches) {
      for (const record of cache.records) {
        for (const key of record.keys) if (!this.#records.has(key)) this.#records.set(key, { record, cache });
        const { layer } = record;
        if (layer !== undefined && !this.#blobs.has(layer.diffID))
          this.#blobs.set(layer.diffID, { descriptor: layer.blob, cache });
      }
    }
  }

  /**
   * What a step has made elsewhere, and which cache says so. Its layer need not be here: `bring` fetches it. `isOwn`: the key
   * is the one by which the store's cache has the step.
   */
  find(
    words: StepKey,
    isOwn = true,
  ): { result: StepResult; keys: readonly Digest[]; from: string } | undefined {
    const found = this.#records.get(keyOf(words));
    if (found === undefined) return undefined;
    const { context, workspace, cache, lease } = this.#importing;
    const { keys, createdAt, layer } = found.record;
    const from = found.cache.name;
    const [key = keyOf(words)] = keys;
    const step = isOwn ? { ...words, key: keyOf(words) } : { ...words, parts: {}, key };
    if (layer === undefined) {
      const result = { layer, createdAt };
      cache.adopt(step, result);
      return { result, keys, from };
    }
    const { diffID, size, blob } = layer;
    const chainID = chainWith(belowOf(words), diffID);
    const result = { layer: { chainID, diffID, size, bytes: 0 }, createdAt };
    context.database.transaction(() => lease.add([chainID, blob.digest]));
    this.#found.set(chainID, { layer, cache: found.cache, step, result });
    if (workspace.layers.has(chainID)) this.#keep(chainID);
    return { result, keys, from };
  }

  /** The blob that a cache has of a layer's archive, and its bytes. */
  blobOf(diffID: Digest): { descriptor: Descriptor; open: () => AsyncIterable<Uint8Array> } | undefined {
    const known = this.#blobs.get(diffID);
    if (known === undefined) return undefined;
    const { descriptor, cache } = known;
    return { descriptor, open: () => cache.open(descriptor, this.#importing.signal) };
  }

  /** Fetches those of a stack of layers that are not here. Throws `invalid` for what is not what its record says. */
  async bring(stack: readonly ImageLayer[]): Promise<void> {
    const before = this.#fetching;
    const fetched = before.then(() => this.#bring(stack));
    this.#fetching = fetched.catch(() => {});
    await fetched;
  }

  async #bring(stack: readonly ImageLayer[]): Promise<void> {
    const { context, workspace, tasks, signal } = this.#importing;
    const { blobs, layers } = workspace;
    const missing = stack.filter(({ chainID }) => !layers.has(chainID) && this.#found.has(chainID));
    if (missing.length === 0) return;
    const caches = [...new Set(missing.map(({ chainID }) => this.#found.get(chainID)?.cache))];
    const names = caches.map((cache) => cache?.name).join(', ');
    const byBlob = new Map(
      missing.map(({ chainID }) => {
        const found = this.#found.get(chainID) as FoundLayer;
        return [found.layer.blob.digest, found.cache];
      }),
    );
    const cacheOf = ({ digest }: Descriptor): OpenedCache => byBlob.get(digest) as OpenedCache;
    await tasks.do(`importing layers from ${names}`, async (task) => {
      try {
        await unpackLayers(
          context,
          stack.map((layer) => this.#asked(layer)),
          {
            sources: {
              blobs,
              layers,
              open: (descriptor, either) => cacheOf(descriptor).open(descriptor, either),
              refuse: (descriptor, damage) => cacheOf(descriptor).refuse(descriptor, damage),
            },
            progress: taskProgress(() => task),
            signal,
          },
        );
      } catch (error) {
        throw unusable(error, names);
      }
    });
    for (const { chainID } of missing) this.#keep(chainID);
  }

  #asked(layer: ImageLayer): AskedLayer {
    const found = this.#found.get(layer.chainID);
    return found === undefined
      ? layer
      : { ...layer, descriptor: found.layer.blob, archiveSize: found.layer.size };
  }

  /** From now on the store's own cache has it. */
  #keep(chainID: Digest): void {
    const { step, result } = this.#found.get(chainID) ?? {};
    if (step === undefined || result?.layer === undefined) return;
    const { context, cache } = this.#importing;
    const [bytes = 0] = notedLayerSizes(context.database, [chainID]);
    cache.adopt(step, { ...result, layer: { ...result.layer, bytes } });
  }
}

/** The chainID of the layers below a step: each key has it. */
export function belowOf({ parts }: Pick<StepKey, 'parts'>): Digest | undefined {
  return (parts['below'] ?? undefined) as Digest | undefined;
}

function unusable(error: unknown, names: string): unknown {
  if (!(error instanceof EngineError) || error.kind === 'cancelled') return error;
  const { kind, message, subject } = error;
  return new EngineError(kind, `cache ${names}: ${message}`, {
    subject,
    hint: 'build without this --cache-from, or write that cache anew',
    cause: error,
  });
}
