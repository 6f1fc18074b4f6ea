import { canonicalJson } from '../../oci/canonical-json.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import type { LayerStore } from '../../storage/layer/store.ts';
import type { Lease } from '../store/blob-leases.ts';
import {
  type CachedLayer,
  type CacheEntry,
  cacheEntry,
  entriesOf,
  insertCacheEntry,
  touchCacheEntries,
} from '../store/build-cache.ts';
import type { Context } from '../store/context.ts';
import { noteLayerSize } from '../store/layer-sizes.ts';

/** Changes when what a key is made of does: entries of before are not found any more. */
const VERSION = 1;

/** All that decides what a step makes: the same here is the same layer. Never the content of a secret. */
export interface StepKey {
  kind: CacheEntry['kind'];
  /** As progress shows the instruction. */
  description: string;
  /** By name; `below` is the chainID of the layers below. */
  parts: Readonly<Record<string, unknown>>;
}

/** What a step has come to. */
export interface StepResult {
  /** Undefined: it has changed nothing. */
  layer: CachedLayer | undefined;
  /** ms since the epoch: when it was done. */
  createdAt: number;
  /** By which it was kept, when that was done just now: another one than was looked for if its sources have changed meanwhile. */
  keptBy?: Digest | undefined;
}

export function keyOf({ kind, parts }: Pick<StepKey, 'kind' | 'parts'>): Digest {
  return digestOf(canonicalJson({ version: VERSION, kind, parts }));
}

/** The cache as one build uses it: what it finds or makes stays as long as the build's lease. */
export class StepCache {
  readonly #context: Context;
  readonly #layers: LayerStore;
  readonly #lease: Lease;
  readonly #used = new Set<Digest>();

  constructor(context: Context, layers: LayerStore, lease: Lease) {
    this.#context = context;
    this.#layers = layers;
    this.#lease = lease;
  }

  /** What the step has made before, if its layer is still there. */
  find(key: Digest): StepResult | undefined {
    const { database } = this.#context;
    const entry = database.transaction(() => {
      const found = cacheEntry(database, key);
      if (found?.layer !== undefined) this.#lease.add([found.layer.chainID]);
      return found;
    });
    if (entry === undefined) return undefined;
    if (entry.layer !== undefined && !this.#layers.has(entry.layer.chainID)) return undefined;
    this.#used.add(key);
    return { layer: entry.layer, createdAt: entry.createdAt };
  }

  /**
   * What a step has made on other layers, if that does not depend on them, and is still there: that of the same instruction of
   * which all is the same but what is below.
   */
  findOnOthers({ kind, description, parts }: StepKey): { layer: CachedLayer; createdAt: number } | undefined {
    const { database } = this.#context;
    const isSameElsewhere = (other: StepKey['parts']) =>
      isSame({ ...other, below: undefined }, { ...parts, below: undefined });
    return database.transaction(() => {
      const fitting = entriesOf(database, { kind, description }).flatMap((entry) =>
        entry.layer !== undefined && isSameElsewhere(entry.parts)
          ? { layer: entry.layer, createdAt: entry.createdAt }
          : [],
      );
      const found = fitting.find(({ layer }) => this.#layers.has(layer.chainID));
      if (found !== undefined) this.#lease.add([found.layer.chainID]);
      return found;
    });
  }

  /**
   * Why the cache has nothing for a step: the names of the parts in which it differs from the entry of the same instruction
   * that differs least; empty when there is none.
   */
  difference({ kind, description, parts }: StepKey): string[] {
    const known = entriesOf(this.#context.database, { kind, description });
    const differing = known
      .filter((entry) => Object.keys(entry.parts).length > 0)
      .map((entry) =>
        Object.keys({ ...parts, ...entry.parts }).filter((name) => !isSame(parts[name], entry.parts[name])),
      );
    return differing.sort((one, other) => one.length - other.length)[0] ?? [];
  }

  /** Makes a directory that is on the disk the layer of a step, and keeps what the step has made. */
  keep(step: StepKey & { key: Digest }, result: StepResult, directory: string): void {
    const { database } = this.#context;
    const { layer } = result;
    if (layer !== undefined) {
      this.#lease.add([layer.chainID]);
      this.#layers.take(directory, layer.chainID);
    }
    database.transaction(() => {
      if (layer !== undefined) noteLayerSize(database, layer.chainID, layer.bytes);
      insertCacheEntry(database, { ...step, ...result });
    });
    this.#used.delete(step.key);
  }

  /** Notes what a step has made elsewhere; its layer is here. Without parts nobody knows what its key is made of. */
  adopt(step: StepKey & { key: Digest }, result: StepResult): void {
    const { database } = this.#context;
    database.transaction(() => insertCacheEntry(database, { ...step, ...result }));
  }

  /** Notes what was used: what was not used for long goes first when the cache is made smaller. */
  close(): void {
    if (this.#used.size === 0) return;
    const { database } = this.#context;
    database.transaction(() => touchCacheEntries(database, this.#used, Date.now()));
  }
}

function isSame(one: unknown, other: unknown): boolean {
  return Buffer.compare(canonicalJson(one ?? null), canonicalJson(other ?? null)) === 0;
}
