import { EngineError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { printable, type TarEntry } from '../tar/entry.ts';
import { ApplyProcess, type ApplyTarget } from './apply-process.ts';
import { compressionOf, decompress, peek } from './decompress.ts';
import { AUFS_LINKS, layerOperation } from './entry.ts';
import { OutlineReader, type OutlineSink } from './outline.ts';

/**
 * The content of an unpacked layer: `bytes` is the sum of the sizes of its regular files. `attributeLeftOut` is, for
 * people, the name of an extended attribute that could not be stored, `whiteoutLeftOut` that of a whiteout in a lowest
 * layer, where there is nothing to hide; there may be more of both.
 */
export interface LayerContent {
  readonly diffID: Digest;
  readonly entries: number;
  readonly bytes: number;
  readonly attributeLeftOut: string | undefined;
  readonly whiteoutLeftOut: string | undefined;
}

/** Has a layer applied, entry by entry, without waiting for any of them. */
class LayerSink implements OutlineSink {
  readonly #apply: ApplyProcess;
  readonly #isBase: boolean;
  #wanted = false;
  hasRoot = false;
  entries = 0;
  bytes = 0;
  attributeLeftOut: string | undefined;
  whiteoutLeftOut: string | undefined;
  /** Sizes of the files that are there for hard links alone, until they are counted under one of these. */
  readonly aside = new Map<string, number>();

  constructor(apply: ApplyProcess, isBase: boolean) {
    this.#apply = apply;
    this.#isBase = isBase;
  }

  entry(entry: TarEntry): void {
    const operation = layerOperation(entry);
    this.#wanted = false;
    if (operation.kind !== 'make' && this.#isBase) this.whiteoutLeftOut ??= entry.name;
    if (operation.kind === 'ignore') return;
    if (operation.kind !== 'make') {
      // Below the lowest layer there is nothing to hide, and overlay would show the whiteout itself.
      if (!this.#isBase) this.#apply.stream.hide(operation.kind, operation.path);
      return;
    }
    if (operation.path === '') this.hasRoot = true;
    this.entries++;
    if (entry.type === 'file') {
      this.#wanted = true;
      if (operation.aside) this.aside.set(operation.path, entry.size);
      else this.bytes += entry.size;
    } else if (entry.type === 'link' && this.aside.has(operation.target)) {
      this.bytes += this.aside.get(operation.target) ?? 0;
      this.aside.set(operation.target, 0);
    }
    this.attributeLeftOut ??= operation.leftOut;
    this.#apply.stream.make(entry, operation);
  }

  data(bytes: Buffer): void {
    if (this.#wanted) this.#apply.stream.data(bytes);
  }

  hole(length: number): void {
    if (this.#wanted) this.#apply.stream.hole(length);
  }

  content(position: number, length: number): void {
    if (this.#wanted) this.#apply.stream.content(position, length);
    else this.#apply.stream.release(position + length);
  }
}

/** The things that one pass over a layer's archive needs. */
export interface UnpackPass {
  readonly target: ApplyTarget;
  readonly source: AsyncIterable<Uint8Array>;
  /** Absent: nobody has said yet what it will be. */
  readonly diffID?: Digest | undefined;
  /** Bytes of the archive; absent: nobody has said that. */
  readonly size?: number | undefined;
  /** The lowest layer of its image. */
  readonly isBase: boolean;
  /** Directories of the layers below, topmost first, complete when it resolves. */
  readonly lowers: () => Promise<readonly string[]>;
}

/**
 * Unpacks, hashes, parses and applies a layer once. Returns undefined when it was applied without sight of the
 * layers below although it needs that: then the directory is worthless and the pass is to be repeated on an overlay.
 * Throws `invalid` when the archive is malformed, hostile, or not what diffID names; errors of `source` as they are. Then too
 * the helper has ended, and `source` is closed.
 */
export async function unpackOnce(pass: UnpackPass): Promise<LayerContent | undefined> {
  const { head, rest } = await peek(pass.source);
  const compression = compressionOf(head);
  const apply = new ApplyProcess(pass.target, compression === 'gzip' ? 'gzip' : 'none');
  const feeding = apply.feed(compression === 'zstd' ? decompress(rest) : rest);
  try {
    return await applyArchive(apply, pass, feeding);
  } catch (error) {
    await apply.abandon();
    throw (await feeding)?.error ?? error;
  } finally {
    await apply.abandon();
  }
}

async function applyArchive(
  apply: ApplyProcess,
  pass: UnpackPass,
  feeding: ReturnType<ApplyProcess['feed']>,
): Promise<LayerContent | undefined> {
  const { target, diffID, size, isBase } = pass;
  const sink = new LayerSink(apply, isBase);
  const outline = new OutlineReader(sink);
  for await (const chunk of apply.outline) {
    outline.push(chunk as Buffer);
    // All of it: the helper holds the content until it hears of it.
    await apply.flush(true);
  }
  const failure = await feeding;
  if (failure !== undefined) throw failure.error;
  const actual = outline.digest;
  if (actual === undefined) return await unfinished(apply);
  if (diffID !== undefined) verify(actual, diffID);
  if (size !== undefined && size !== outline.size)
    throw new EngineError('invalid', `the unpacked archive has ${outline.size} bytes instead of ${size}`);
  if (sink.aside.size > 0) apply.stream.discard(AUFS_LINKS);
  const notes = await apply.checkpoint();
  const lowers = isBase ? [] : await pass.lowers();
  if (target.view === undefined) {
    if (notes.needLowers(lowers)) return undefined;
    if (notes.missingTarget !== undefined) throw missingTarget(notes.missingTarget);
  }
  const below = lowers[0];
  if (!sink.hasRoot && below !== undefined) apply.stream.inherit(below);
  await apply.finish();
  const leftOut = sink.attributeLeftOut ?? notes.attributeLeftOut;
  return {
    diffID: actual,
    entries: sink.entries,
    bytes: sink.bytes,
    attributeLeftOut: leftOut === undefined ? undefined : printable(leftOut),
    whiteoutLeftOut: sink.whiteoutLeftOut === undefined ? undefined : printable(sink.whiteoutLeftOut),
  };
}

/** The outline ends before the archive only when the helper fails, which says why. */
async function unfinished(apply: ApplyProcess): Promise<never> {
  await apply.finish();
  throw new EngineError('internal', 'the helper left out the end of the archive');
}

function verify(actual: Digest, diffID: Digest): void {
  if (actual === diffID) return;
  throw new EngineError('invalid', `the unpacked content has digest ${actual}, not ${diffID}`, {
    subject: diffID,
    hint: 'the image is damaged: its configuration and its layers do not belong together',
  });
}

function missingTarget(path: string): EngineError {
  return new EngineError('invalid', `entry "${path}" is a hard link to something that is not there`, {
    subject: path,
  });
}
