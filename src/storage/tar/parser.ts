import { EngineError } from '../../errors.ts';
import { type Fragment, printable, type TarEntry } from './entry.ts';
import { bad, type DecodedHeader, decodeHeader, type Preamble } from './header.ts';
import { checksumFits, readNumber, readString } from './numbers.ts';
import { type PaxRecord, parsePax } from './pax.ts';
import { checkFragments, MAX_MAP_BYTES, oldFragments, SparseMapReader } from './sparse.ts';

/** Receives an archive's entries in order: `entry`, then its content as `data` and `hole` calls up to its size. */
export interface TarSink {
  entry(entry: TarEntry): void;
  data(bytes: Buffer): void;
  /** Takes `length` zeros that the archive does not store. */
  hole(length: number): void;
}

const BLOCK = 512;
const ZEROS = Buffer.alloc(BLOCK);
/** The most bytes of long names and pax headers, which are held in memory (Go's archive/tar has the same limit). */
const MAX_META_BYTES = 1 << 20;

type State = 'header' | 'meta' | 'extension' | 'map' | 'content' | 'closing' | 'end';

/**
 * Reads a tar stream: v7, ustar, pax and GNU formats. Synchronous, a call for each entry and piece of content.
 *
 * This is not tar-stream (3.2.2), which falls short: it decodes pax values as UTF-8 and so damages binary attributes and names,
 * knows neither GNU's sparse type nor its extension blocks (and then reads data as headers), hides type flags that it
 * does not know, reads content after hard links that state a size, gets negative base-256 times wrong, and makes a stream with several microtasks for each entry. A layer in front
 * of it would have to walk every header itself: it would be this parser.
 *
 * Global pax headers are skipped, as Docker and containerd do. Throws `invalid` with the entry's name.
 */
export class TarParser {
  readonly #sink: TarSink;
  #state: State = 'header';
  readonly #partial = Buffer.alloc(BLOCK);
  #filled = 0;
  /** Bytes of the current body that are still to come, and the zeros that pad it. */
  #remaining = 0;
  #padding = 0;
  #metaType = '';
  #meta: Buffer = ZEROS;
  #preamble: Preamble | undefined;
  #current: DecodedHeader | undefined;
  #fragments: Fragment[] | undefined;
  #next = 0;
  #position = 0;
  #map: SparseMapReader | undefined;

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  /** Takes the next bytes of the archive; slices of them are handed to the sink. */
  push(bytes: Uint8Array): void {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === 'content' || this.#state === 'meta') at = this.#body(chunk, at);
      // What follows the closing blocks means nothing, to other tars as well: it only counts for the digest.
      else if (this.#state === 'end') return;
      else at = this.#block(chunk, at);
    }
  }

  /**
   * Takes the content of the current entry, and its padding, as read: somebody else has it. Throws `invalid` when the
   * archive has no such content here.
   */
  skip(length: number): void {
    const isWhole = this.#state === 'content' && this.#remaining === length && length > 0;
    if (!isWhole || this.#fragments !== undefined)
      throw this.#broken('what was read as content is something else');
    this.#remaining = 0;
    this.#padding = 0;
    this.#finishContent();
  }

  /** The error of an archive that ends where it must not. */
  cutShort(): EngineError {
    const name = this.#current?.entry.name;
    const where = name === undefined ? 'in the middle of a header' : `in or after entry "${printable(name)}"`;
    return new EngineError('invalid', `the archive is cut short ${where}`, { subject: name });
  }

  /**
   * Says that the stream ended. An archive without its two closing blocks is accepted at an entry's border, and also
   * without the padding of its last entry: `umoci insert` writes such layers, and Docker takes them.
   */
  end(): void {
    if (this.#state === 'content' && this.#remaining === 0) return;
    const complete = this.#state === 'header' && this.#filled === 0 && this.#preamble === undefined;
    if (complete || this.#state === 'closing' || this.#state === 'end') return;
    throw this.cutShort();
  }

  #block(chunk: Buffer, at: number): number {
    let block: Buffer;
    let next: number;
    if (this.#filled === 0 && chunk.length - at >= BLOCK) {
      next = at + BLOCK;
      block = chunk.subarray(at, next);
    } else {
      next = Math.min(chunk.length, at + BLOCK - this.#filled);
      this.#filled += chunk.copy(this.#partial, this.#filled, at, next);
      if (this.#filled < BLOCK) return next;
      this.#filled = 0;
      block = this.#partial;
    }
    if (this.#state === 'header' || this.#state === 'closing') this.#header(block);
    else if (this.#state === 'extension') this.#extension(block);
    else this.#mapBlock(block);
    return next;
  }

  #header(block: Buffer): void {
    const empty = block[0] === 0 && block.equals(ZEROS);
    if (this.#state === 'closing') {
      if (!empty) throw this.#broken('there is data after a lone block of zeros');
      this.#state = 'end';
      return;
    }
    if (empty) {
      this.#state = 'closing';
      return;
    }
    if (!checksumFits(block)) throw this.#broken('the checksum of a header is wrong');
    const flag = String.fromCharCode(block[156] ?? 0);
    if (flag === 'x' || flag === 'g' || flag === 'L' || flag === 'K') this.#startMeta(block, flag);
    else this.#startEntry(block, flag);
  }

  #startMeta(block: Buffer, flag: string): void {
    const size = readNumber(block, 124, 12);
    if (size === undefined || size < 0 || size > MAX_META_BYTES) {
      throw this.#broken('an extended header has an absurd size');
    }
    this.#metaType = flag;
    this.#meta = Buffer.allocUnsafe(size);
    if (flag !== 'g') this.#preamble ??= { pax: [], longName: undefined, longTarget: undefined };
    this.#startBody(size, 'meta');
    if (size === 0) this.#finishMeta();
  }

  #startEntry(block: Buffer, flag: string): void {
    const current = decodeHeader(
      block,
      this.#preamble ?? { pax: [], longName: undefined, longTarget: undefined },
    );
    this.#preamble = undefined;
    this.#current = current;
    this.#fragments = undefined;
    const { sparse } = current;
    if (flag === 'S') {
      const size = readNumber(block, 483, 12);
      if (size === undefined || size < 0) throw bad(current.entry, 'has an absurd size');
      current.entry.size = size;
      this.#fragments = oldFragments(block, 386, 4);
      if (block[482] !== 0) {
        this.#state = 'extension';
        return;
      }
    } else if (sparse !== undefined) {
      if (sparse.fragments === undefined) {
        this.#map = new SparseMapReader();
        this.#state = 'map';
        return;
      }
      this.#fragments = sparse.fragments;
    }
    this.#startContent(current);
  }

  #extension(block: Buffer): void {
    const current = this.#current as DecodedHeader;
    const fragments = this.#fragments as Fragment[];
    fragments.push(...oldFragments(block, 0, 21));
    if (fragments.length * 24 > MAX_MAP_BYTES) throw bad(current.entry, 'has too many fragments');
    if (block[504] === 0) this.#startContent(current);
  }

  #mapBlock(block: Buffer): void {
    const current = this.#current as DecodedHeader;
    if (current.stored < BLOCK) throw bad(current.entry, 'has a malformed map');
    current.stored -= BLOCK;
    const fragments = this.#map?.push(block);
    if (fragments === undefined) return;
    this.#map = undefined;
    this.#fragments = fragments;
    this.#startContent(current);
  }

  #startContent(current: DecodedHeader): void {
    if (this.#fragments !== undefined) {
      checkFragments(this.#fragments, current.entry.size, current.stored);
      this.#next = 0;
      this.#position = 0;
    }
    this.#sink.entry(current.entry);
    this.#startBody(current.stored, 'content');
    if (current.stored === 0) this.#finishContent();
  }

  #startBody(size: number, state: State): void {
    this.#state = state;
    this.#remaining = size;
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK;
  }

  /** Content or an extended header: bytes that count, then padding that does not. */
  #body(chunk: Buffer, at: number): number {
    if (this.#remaining > 0) {
      const end = Math.min(chunk.length, at + this.#remaining);
      if (this.#state === 'meta') {
        chunk.copy(this.#meta, this.#meta.length - this.#remaining, at, end);
      } else if (this.#fragments === undefined) {
        this.#sink.data(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
      } else {
        this.#sparseData(chunk, at, end);
      }
      this.#remaining -= end - at;
      if (this.#remaining === 0) this.#finishBody();
      return end;
    }
    const end = Math.min(chunk.length, at + this.#padding);
    this.#padding -= end - at;
    if (this.#padding === 0) this.#state = 'header';
    return end;
  }

  #finishBody(): void {
    if (this.#state === 'meta') this.#finishMeta();
    else this.#finishContent();
  }

  #finishMeta(): void {
    const meta = this.#meta;
    const preamble = this.#preamble;
    if (this.#metaType === 'g' || preamble === undefined) {
      // Says nothing that Docker or containerd would apply.
    } else if (this.#metaType === 'x') preamble.pax = this.#readPax(meta);
    else if (this.#metaType === 'L') preamble.longName = readString(meta, 0, meta.length);
    else if (this.#metaType === 'K') preamble.longTarget = readString(meta, 0, meta.length);
    this.#meta = ZEROS;
    if (this.#padding === 0) this.#state = 'header';
  }

  #readPax(body: Buffer): PaxRecord[] {
    try {
      return parsePax(body);
    } catch (error) {
      throw this.#broken((error as Error).message);
    }
  }

  #finishContent(): void {
    if (this.#fragments !== undefined) {
      this.#sparseGap((this.#current as DecodedHeader).entry.size);
    }
    if (this.#padding === 0) this.#state = 'header';
  }

  #sparseData(chunk: Buffer, from: number, to: number): void {
    const fragments = this.#fragments as Fragment[];
    let at = from;
    while (at < to) {
      const fragment = fragments[this.#next] as Fragment;
      this.#sparseGap(fragment.offset);
      const left = fragment.offset + fragment.length - this.#position;
      const take = Math.min(left, to - at);
      if (take > 0) this.#sink.data(chunk.subarray(at, at + take));
      at += take;
      this.#position += take;
      if (take === left) this.#next++;
    }
  }

  #sparseGap(offset: number): void {
    if (offset <= this.#position) return;
    this.#sink.hole(offset - this.#position);
    this.#position = offset;
  }

  #broken(problem: string): EngineError {
    const name = this.#current === undefined ? undefined : printable(this.#current.entry.name);
    const where = name === undefined ? 'at its start' : `after entry "${name}"`;
    return new EngineError('invalid', `${problem}, ${where}`, { subject: name });
  }
}
