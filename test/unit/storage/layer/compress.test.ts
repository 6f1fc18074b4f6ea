import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compress } from '../../../../src/storage/layer/compress.ts';

const MEMBER = 1024 * 1024;

async function* inPieces(bytes: Buffer, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

describe.each([
  ['gzip', gunzipSync, [1, 9]],
  ['zstd', zstdDecompressSync, [1, 19]],
] as const)('compressing with %s on all processors', (kind, decompressed, levels) => {
  it.each([0, 1, MEMBER - 1, MEMBER, MEMBER + 1, 5 * MEMBER + 7])(
    'keeps every one of %i bytes',
    async (size) => {
      const bytes = randomBytes(size);
      for (const length of [65_536, 3 * MEMBER]) {
        const compressed = await buffer(compress(inPieces(bytes, length), { kind }));
        expect(decompressed(compressed).equals(bytes)).toBe(true);
      }
    },
  );

  it('gives the same result whatever pieces the bytes come in', async () => {
    const bytes = Buffer.alloc(3 * MEMBER, 'a line that comes again and again\n');
    const results = await Promise.all(
      [1000, 65_536, bytes.length].map((length) => buffer(compress(inPieces(bytes, length), { kind }))),
    );
    expect(new Set(results.map((result) => result.toString('base64'))).size).toBe(1);
    expect(results[0]?.length).toBeLessThan(bytes.length / 50);
  });

  it('makes less of it at a higher level', async () => {
    const words = Array.from({ length: 100_000 }, (_, index) => Math.imul(index, 2_654_435_761) >>> 20);
    const bytes = Buffer.from(words.join(' '));
    const [fast, small] = await Promise.all(
      levels.map((level) => buffer(compress(inPieces(bytes, 65_536), { kind, level }))),
    );
    expect(decompressed(small as Buffer).equals(bytes)).toBe(true);
    expect(small?.length).toBeLessThan((fast as Buffer).length);
  });

  it('ends with what the source throws', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(2 * MEMBER);
      throw new Error('the disk is broken');
    }
    await expect(buffer(compress(broken(), { kind }))).rejects.toThrow('the disk is broken');
  });
});
