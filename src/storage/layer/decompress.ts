import type { Transform } from 'node:stream';
import { EngineError } from '../../errors.ts';

export type Compression = 'gzip' | 'zstd' | 'none';

/** What programs of the host decompress, for archives of the user's own: no layer of a registry reaches them. */
export type ForeignCompression = 'xz' | 'bzip2';

/** Few large pieces: each costs a trip to another thread. */
const PIECE = 256 * 1024;
const MAGIC_LENGTH = 6;
/** The largest window of zstd, as a power of two: 512 MiB of memory for each layer being read, as with Docker. */
const MAX_WINDOW_LOG = 29;
const WINDOW_TOO_LARGE = 'ZSTD_error_frameParameter_windowTooLarge';

/**
 * The uncompressed bytes of a layer. What the first bytes say decides (gzip of any number of members, zstd of any
 * number of frames, else plain), as media types are often wrong. Throws `invalid` when the stream is damaged, cut
 * short or followed by other data, `unsupported` for xz, bzip2 and a zstd window of more than 512 MiB; errors of `source` as they are. When the consumer
 * stops early, `source` is closed before this returns.
 */
export async function* decompress(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { head, rest } = await peek(source);
  const compression = compressionOf(head);
  if (compression === 'none') {
    yield* rest;
    return;
  }
  // On first use, as it costs Bun 4 ms to load.
  const { constants, createGunzip, createZstdDecompress } = process.getBuiltinModule('node:zlib');
  const options = { chunkSize: PIECE, highWaterMark: 2 * PIECE };
  const params = { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG };
  yield* inflate(
    compression === 'gzip' ? createGunzip(options) : createZstdDecompress({ ...options, params }),
    rest,
    compression,
  );
}

/** Tells the compressions that layers may have. Throws `unsupported` for others. */
export function compressionOf(head: Uint8Array): Compression {
  const compression = anyCompressionOf(head);
  if (compression === 'xz' || compression === 'bzip2') throw notSupported(compression);
  return compression;
}

/** Tells compressions by their magic numbers (RFC 1952; RFC 8878, "Frames" and "Skippable Frames"; the xz format's). */
export function anyCompressionOf(head: Uint8Array): Compression | ForeignCompression {
  const hex = Buffer.from(head.subarray(0, MAGIC_LENGTH)).toString('hex');
  if (hex.startsWith('1f8b')) return 'gzip';
  if (hex.startsWith('28b52ffd') || /^5.2a4d18/.test(hex)) return 'zstd';
  if (hex.startsWith('fd377a585a00')) return 'xz';
  return /^425a68[1-9]/.test(hex) ? 'bzip2' : 'none';
}

function notSupported(name: string): EngineError {
  return new EngineError('unsupported', `the layer is compressed with ${name}`, {
    hint: 'layers may be gzip, zstd or plain tar',
  });
}

/** The bytes of a stream, to be read once: its `return` ends the source. */
export type RestOfStream = AsyncIterableIterator<Uint8Array> &
  Required<Pick<AsyncIterator<Uint8Array>, 'return'>>;

/**
 * Looks at the first bytes of a stream, as many as tell a compression; `rest` is all of it. It is no generator: whose
 * `return` does nothing before it has begun, so that the source of what is only looked at would never end.
 */
export async function peek(
  source: AsyncIterable<Uint8Array>,
  wanted = MAGIC_LENGTH,
): Promise<{ head: Uint8Array; rest: RestOfStream }> {
  const iterator = source[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let length = 0;
  while (length < wanted) {
    const { value, done } = await iterator.next();
    if (done) break;
    first.push(value);
    length += value.length;
  }
  const head = Buffer.concat(first);
  const rest: RestOfStream = {
    async next() {
      const value = first.shift();
      return value === undefined ? await iterator.next() : { value, done: false };
    },
    async return() {
      first.length = 0;
      await iterator.return?.();
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]: () => rest,
  };
  return { head, rest };
}

/** A zlib stream: `bytesWritten` counts the bytes that it consumed, which tells what follows the compressed data. */
type Inflater = Transform & { readonly bytesWritten: number };

async function* inflate(
  stream: Inflater,
  source: AsyncIterable<Uint8Array>,
  compression: Compression,
): AsyncGenerator<Uint8Array> {
  const state: { fed: number; failure: unknown } = { fed: 0, failure: undefined };
  const feeding = feed(stream, source, state);
  try {
    for await (const piece of stream) yield piece as Buffer;
    await feeding;
  } catch (cause) {
    stream.destroy();
    await feeding;
    throw state.failure ?? damaged(compression, stream.bytesWritten < state.fed && isStopped(cause), cause);
  } finally {
    stream.destroy();
    await feeding;
  }
  if (state.failure !== undefined) throw state.failure;
  if (stream.bytesWritten !== state.fed) throw damaged(compression, true, undefined);
}

/** The stream was ended from our side, not by an error in the data. */
function isStopped(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ABORT_ERR' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** Writes the source into the stream until either ends. Never rejects: its failure is read by who consumes the stream. */
async function feed(
  stream: Inflater,
  source: AsyncIterable<Uint8Array>,
  state: { fed: number; failure: unknown },
): Promise<void> {
  stream.on('error', () => {});
  try {
    for await (const chunk of source) {
      if (stream.destroyed) return;
      state.fed += chunk.length;
      // Bytes after the end of what is compressed: counted above, which is enough.
      if (stream.readableEnded) return;
      if (!stream.write(chunk)) await settled(stream);
    }
    stream.end();
  } catch (error) {
    state.failure = error;
    stream.destroy(error as Error);
  }
}

async function settled(stream: Inflater): Promise<void> {
  const { once } = process.getBuiltinModule('node:events');
  const stop = new AbortController();
  const quiet = { signal: stop.signal };
  const events = ['drain', 'end', 'close', 'error'].map((name) => once(stream, name, quiet).catch(() => {}));
  await Promise.race(events);
  stop.abort();
}

function damaged(compression: Compression, trailing: boolean, cause: unknown): EngineError {
  if (trailing) return new EngineError('invalid', `there is data after the end of the ${compression} stream`);
  if ((cause as NodeJS.ErrnoException | undefined)?.code === WINDOW_TOO_LARGE) {
    return new EngineError('unsupported', 'the zstd stream needs a window of more than 512 MiB', {
      hint: 'compress the layer again, with --long=29 at most',
      cause,
    });
  }
  const reason = (cause as Error | undefined)?.message ?? 'unexpected end';
  const text = `the ${compression} stream is damaged or followed by other data: ${reason}`;
  return new EngineError('invalid', text, { cause });
}
