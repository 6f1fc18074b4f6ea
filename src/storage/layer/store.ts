import { chmodSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { randomHex } from '../../host/random.ts';
import { syncDirectory } from '../../host/sync-directory.ts';
import { type Digest, hexOf } from '../../oci/digest.ts';
import { removeTree } from '../trash.ts';
import { copyLayer } from './copy.ts';
import { type LayerContent, unpackOnce } from './unpack.ts';

/** Names the layer that is unpacked. `name` is what messages call it; the diffID when absent. */
export interface LayerDescription {
  readonly chainID: Digest;
  readonly diffID: Digest;
  readonly mediaType: string;
  /** Bytes of its archive, when somebody has said that: it is verified. */
  readonly size?: number | undefined;
  readonly name?: string | undefined;
}

export interface UnpackOptions {
  readonly signal?: AbortSignal | undefined;
  /** Path of the helper's executable. */
  readonly helper: string;
  /** Directories of the layers below, topmost first; called when they matter, resolves when they are complete. */
  readonly lowers: () => Promise<readonly string[]>;
  /** The stored blob once more: for layers that cannot be understood without those below. */
  readonly reopen: () => AsyncIterable<Uint8Array>;
}

/**
 * Unpacked layers at `<layers>/<hex of chainID>/`, each a ready overlay lower directory, or, in a store of whole trees, all
 * that an image has up to it. A layer is made below `tmp` and published by one rename: what has a name here is complete and
 * on disk.
 */
export class LayerStore {
  readonly #layers: string;
  readonly #tmp: () => string;
  /**
   * Whether each layer has the files of those below it, too: those that it does not change are the same ones. Asked before
   * one is made.
   */
  readonly isWhole: () => Promise<boolean>;

  /** `tmp` returns this process's own temporary directory, on the same file system. */
  constructor({
    layers,
    tmp,
    isWhole,
  }: { layers: string; tmp: () => string; isWhole: () => Promise<boolean> }) {
    this.#layers = layers;
    this.#tmp = tmp;
    this.isWhole = isWhole;
  }

  has(chainID: Digest): boolean {
    return existsSync(this.directory(chainID));
  }

  directory(chainID: Digest): string {
    return join(this.#layers, hexOf(chainID));
  }

  /**
   * Unpacks one layer while it arrives: `source` yields the blob, compressed or not, and is read to its end unless
   * something fails. A layer that is there already is left alone, and `source` unread.
   *
   * Throws `invalid` for a malformed or hostile archive (naming the entry) and for content that is not diffID's,
   * `unavailable` when the disk is full, `cancelled`; nothing of the layer is left then.
   */
  async unpack(
    layer: LayerDescription,
    source: AsyncIterable<Uint8Array>,
    options: UnpackOptions,
  ): Promise<LayerContent | undefined> {
    if (this.has(layer.chainID)) return undefined;
    const place = join(this.#tmp(), `layer-${hexOf(layer.chainID).slice(0, 12)}-${randomHex(4)}`);
    try {
      mkdirSync(place, { recursive: true, mode: 0o700 });
      const make = (await this.isWhole()) ? makeWhole : makeLayer;
      const { directory, content } = await make(place, layer, source, options);
      this.take(directory, layer.chainID);
      return content;
    } catch (error) {
      throw explain(error, layer.name ?? layer.diffID);
    } finally {
      await removeTree(options.helper, place);
    }
  }

  /** An empty directory, where a layer of which nobody knows the digest yet is made; `take` publishes it. */
  draft(): string {
    return makeDirectory(this.#tmp(), `layer-${randomHex(8)}`);
  }

  /**
   * Unpacks what is to be the lowest layer of an image into a draft, whatever its digest turns out to be. Throws as
   * `unpack`.
   */
  async unpackDraft(
    name: string,
    source: AsyncIterable<Uint8Array>,
    { helper, signal }: Pick<UnpackOptions, 'helper' | 'signal'>,
  ): Promise<{ directory: string; content: LayerContent }> {
    const directory = this.draft();
    const view = (await this.isWhole()) ? ('whole' as const) : undefined;
    const target = { helper, directory, signal, view };
    const pass = { isBase: true, lowers: async () => [], target };
    try {
      const content = await unpackOnce({ ...pass, source });
      if (content === undefined) throw new EngineError('internal', 'a lowest layer needs none below it');
      return { directory, content };
    } catch (error) {
      throw explain(error, name);
    }
  }

  /** Makes a draft that is on disk the layer of this name; one that is there already is as good, and stays. */
  take(directory: string, chainID: Digest): void {
    mkdirSync(this.#layers, { recursive: true, mode: 0o700 });
    try {
      renameSync(directory, this.directory(chainID));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Another process was faster; its layer is as good as ours.
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    }
    syncDirectory(this.#layers);
  }
}

/** First alone, while the bytes arrive; again on an overlay of the layers below if that turns out to be needed. */
async function makeLayer(
  place: string,
  layer: LayerDescription,
  source: AsyncIterable<Uint8Array>,
  options: UnpackOptions,
): Promise<{ directory: string; content: LayerContent }> {
  const { helper, signal, lowers } = options;
  const isBase = layer.chainID === layer.diffID;
  const pass = { diffID: layer.diffID, size: layer.size, isBase, lowers };
  const alone = makeDirectory(place, 'alone');
  const content = await unpackOnce({ ...pass, source, target: { helper, directory: alone, signal } });
  if (content !== undefined) return { directory: alone, content };

  await removeTree(helper, alone);
  const merged = makeDirectory(place, 'merged');
  const view = { work: makeDirectory(place, 'work'), lowers: await lowers() };
  const target = { helper, directory: merged, view, signal };
  const again = await unpackOnce({ ...pass, source: options.reopen(), target });
  if (again === undefined) throw new EngineError('internal', 'the layer could not be applied on an overlay');
  return { directory: merged, content: again };
}

/** On the tree of the layer below, which is complete first. */
async function makeWhole(
  place: string,
  layer: LayerDescription,
  source: AsyncIterable<Uint8Array>,
  options: UnpackOptions,
): Promise<{ directory: string; content: LayerContent }> {
  const { helper, signal } = options;
  const isBase = layer.chainID === layer.diffID;
  const lowers = isBase ? [] : await options.lowers();
  const directory = await copyOfBelow(helper, place, lowers[0]);
  const target = { helper, directory, view: 'whole' as const, signal };
  const { diffID, size } = layer;
  const pass = { source, target, diffID, size, isBase, lowers: async () => lowers };
  const content = await unpackOnce(pass);
  if (content === undefined) throw new EngineError('internal', 'a layer on its lower ones needs no more');
  return { directory, content };
}

async function copyOfBelow(helper: string, place: string, below: string | undefined): Promise<string> {
  if (below === undefined) return makeDirectory(place, 'whole');
  const to = join(place, 'whole');
  await copyLayer(helper, { from: below, to, link: true });
  return to;
}

/** The mode is what a layer's root has when no layer says otherwise. */
function makeDirectory(place: string, name: string): string {
  const path = join(place, name);
  mkdirSync(path);
  chmodSync(path, 0o755);
  return path;
}

/** Says which layer it was; a full disk may also be met by this process itself. */
function explain(error: unknown, name: string): unknown {
  if (error instanceof EngineError) {
    const { kind, hint, subject } = error;
    if (kind === 'cancelled') return error;
    const text =
      kind === 'unavailable'
        ? `${error.message} while unpacking layer ${name}`
        : `layer ${name}: ${error.message}`;
    return new EngineError(kind, text, { hint, subject: subject ?? name, cause: error });
  }
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new EngineError('unavailable', `no space left on device while unpacking layer ${name}`, {
      hint: 'free some space where the store lies, or choose another place with --root',
      subject: name,
      cause: error,
    });
  }
  return error;
}
