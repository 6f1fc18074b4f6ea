import { availableParallelism } from 'node:os';

/** Bytes of one gzip member: large enough to lose nothing that is worth mentioning at its beginning. */
const MEMBER = 1024 * 1024;

/** What compresses one member. Loaded on first use: a push of what is there already compresses nothing, and it costs Bun 4 ms. */
function compressor(): (bytes: Uint8Array) => Promise<Buffer> {
  const { promisify } = process.getBuiltinModule('node:util');
  return promisify<Uint8Array, Buffer>(process.getBuiltinModule('node:zlib').gzip);
}

/**
 * Compresses with gzip, on all processors: as a sequence of members (RFC 1952, 2.2), each of a mebibyte. The same bytes
 * give the same result on one JavaScript runtime. What `source` throws is thrown.
 */
export async function* compress(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const working: Promise<Buffer>[] = [];
  const most = 2 * availableParallelism();
  const compressed = compressor();
  for await (const member of pieces(source)) {
    const work = compressed(member);
    // It is waited for in its turn.
    work.catch(() => undefined);
    working.push(work);
    if (working.length >= most) yield (await working.shift()) as Buffer;
  }
  for (const work of working) yield await work;
}

/** The bytes in pieces of one size, but the last; an empty source has one empty piece. */
async function* pieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let [held, length, count]: [Uint8Array[], number, number] = [[], 0, 0];
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + MEMBER - length);
      held.push(part);
      [length, at] = [length + part.length, at + part.length];
      if (length < MEMBER) continue;
      yield Buffer.concat(held, length);
      [held, length, count] = [[], 0, count + 1];
    }
  }
  if (length > 0 || count === 0) yield Buffer.concat(held, length);
}
