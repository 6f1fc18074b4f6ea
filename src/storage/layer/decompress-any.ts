import { anyCompressionOf, decompress, peek } from './decompress.ts';
import { decompressByProgram } from './decompress-program.ts';

/**
 * The uncompressed bytes of a file of the user's own: gzip and zstd as layers have them, xz and bzip2 by programs of the
 * host. Throws as `decompress` and `decompressByProgram`.
 */
export async function* decompressAny(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { head, rest } = await peek(source);
  const compression = anyCompressionOf(head);
  yield* compression === 'xz' || compression === 'bzip2'
    ? decompressByProgram(compression, rest)
    : decompress(rest);
}
