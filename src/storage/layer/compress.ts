import { availableParallelism } from 'node:os';

/** How a layer is compressed. `level`: gzip 0 to 9, zstd 1 to 22; absent: what the format's own programs take. */
export interface LayerCompression {
  kind: 'gzip' | 'zstd';
  level?: number | undefined;
}

/**
 * Bytes of one gzip member, or of one zstd frame: large enough to lose nothing that is worth mentioning at its beginning. zstd
 * looks back much further.
 */
const PIECE = { gzip: 1024 * 1024, zstd: 4 * 1024 * 1024 };

/** What compresses one piece. Loaded on first use: a push of what is there already compresses nothing, and it costs Bun 4 ms. */
function compressor({ kind, level }: LayerCompression): (bytes: Uint8Array) => Promise<Buffer> {
  const { promisify } = process.getBuiltinModule('node:util');
  const { constants, gzip, zstdCompress } = process.getBuiltinModule('node:zlib');
  if (kind === 'gzip') {
    const gzipped = promisify<Uint8Array, { level?: number }, Buffer>(gzip);
    return (bytes) => gzipped(bytes, level === undefined ? {} : { level });
  }
  const params = level === undefined ? {} : { [constants.ZSTD_c_compressionLevel]: level };
  const zstandard = promisify<Uint8Array, { params: Record<number, number> }, Buffer>(zstdCompress);
  return (bytes) => zstandard(bytes, { params });
}

/**
 * Compresses on all processors: as a sequence of members (RFC 1952, 2.2) or frames (RFC 8878, 3.1), each of so many bytes,
 * however many processors there are. The same bytes give the same result on one JavaScript runtime. What `source` throws is
 * thrown.
 */
export async function* compress(
  source: AsyncIterable<Uint8Array>,
  compression: LayerCompression,
): AsyncGenerator<Buffer> {
  const working: Promise<Buffer>[] = [];
  const most = 2 * availableParallelism();
  const compressed = compressor(compression);
  for await (const piece of pieces(source, PIECE[compression.kind])) {
    const work = compressed(piece);
    // It is waited for in its turn.
    work.catch(() => undefined);
    working.push(work);
    if (working.length >= most) yield (await working.shift()) as Buffer;
  }
  for (const work of working) yield await work;
}

/** The bytes in pieces of one size, but the last; an empty source has one empty piece. */
async function* pieces(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let [held, length, count]: [Uint8Array[], number, number] = [[], 0, 0];
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + size - length);
      held.push(part);
      [length, at] = [length + part.length, at + part.length];
      if (length < size) continue;
      yield Buffer.concat(held, length);
      [held, length, count] = [[], 0, count + 1];
    }
  }
  if (length > 0 || count === 0) yield Buffer.concat(held, length);
}
