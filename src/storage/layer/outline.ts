import { EngineError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { TarParser, type TarSink } from '../tar/parser.ts';

/** An archive's entries; `content`: it lies in the archive, from `position` on, and does not come this way. */
export interface OutlineSink extends TarSink {
  content(position: number, length: number): void;
}

/**
 * Reads the outline of an archive (LAYERS.md): records of a length, a kind and a body. The archive is parsed from what
 * they hold. Throws `invalid` as the parser does, and for what could not be unpacked.
 */
export class OutlineReader {
  readonly #sink: OutlineSink;
  readonly #parser: TarParser;
  #held: Buffer = Buffer.alloc(0);
  /** In the unpacked archive: where the next bytes are from, and where content ends that we only heard of. */
  #position = 0;
  #promised = 0;
  #digest: Digest | undefined;
  #size = 0;

  constructor(sink: OutlineSink) {
    this.#sink = sink;
    this.#parser = new TarParser(sink);
  }

  /** The digest of the unpacked archive once all of it was there; undefined: the outline is not complete. */
  get digest(): Digest | undefined {
    return this.#digest;
  }

  /** The bytes of the unpacked archive, once all of it was there. */
  get size(): number {
    return this.#size;
  }

  /** Takes the next bytes of the outline. */
  push(chunk: Buffer): void {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    let at = 0;
    while (bytes.length - at >= HEADER) {
      const end = at + HEADER + bytes.readUInt32LE(at);
      if (end > bytes.length) break;
      this.#record(bytes[at + 4] as number, bytes.subarray(at + HEADER, end));
      at = end;
    }
    this.#held = bytes.subarray(at);
  }

  #record(kind: number, body: Buffer): void {
    if (kind === BYTES) {
      this.#parser.push(body);
      this.#position += body.length;
    } else if (kind === SKIPPED) this.#skip(readUInt64(body, 0));
    else if (kind === END) this.#end(readUInt64(body, 0), body.subarray(8).toString('hex'));
    else throw failure(body.toString());
  }

  #skip(length: number): void {
    this.#parser.skip(length);
    this.#sink.content(this.#position, length);
    this.#promised = this.#position + length;
    this.#position += Math.ceil(length / BLOCK) * BLOCK;
  }

  #end(size: number, hex: string): void {
    if (this.#promised > size) throw this.#parser.cutShort();
    this.#parser.end();
    this.#digest = `sha256:${hex}` as Digest;
    this.#size = size;
  }
}

const HEADER = 8;
const BLOCK = 512;
const [BYTES, SKIPPED, END] = [...'bse'].map((kind) => kind.charCodeAt(0));

/** Faster than a BigInt; exact for safe integers, which positions are. */
function readUInt64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32;
}

function failure(reason: string): EngineError {
  const text =
    reason === 'followed'
      ? 'there is data after the end of the gzip stream'
      : 'the gzip stream is damaged or cut short';
  return new EngineError('invalid', text);
}
