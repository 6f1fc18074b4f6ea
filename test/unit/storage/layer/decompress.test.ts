import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compressionOf, decompress, peek } from '../../../../src/storage/layer/decompress.ts';

const text = Buffer.from('layers and layers of it '.repeat(50_000));

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Buffer, size = 4096): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of decompress(inPieces(bytes, size))) parts.push(part);
  return Buffer.concat(parts);
}

it.each([
  ['gzip', gzipSync(text)],
  ['zstd', zstdCompressSync(text)],
  ['plain', text],
  ['two gzip members', Buffer.concat([gzipSync(text.subarray(0, 1000)), gzipSync(text.subarray(1000))])],
  [
    'zstd after a skippable frame',
    Buffer.concat([Buffer.from('502a4d1803000000616263', 'hex'), zstdCompressSync(text)]),
  ],
])('%s comes out whole, however it arrives', async (_, bytes) => {
  for (const size of [1000, bytes.length]) expect((await read(bytes, size)).equals(text)).toBe(true);
  expect((await read(bytes.subarray(0, 300), 1).catch(() => text)).length).toBeGreaterThan(0);
});

it('what is only looked at ends its source, whether or not anything more was read of it', async () => {
  for (const pieces of [0, 1, 3]) {
    let ended = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield* inPieces(text, 100);
      } finally {
        ended = true;
      }
    }
    const { head, rest } = await peek(source(), 150);
    expect(head).toEqual(text.subarray(0, 200));
    for (let piece = 0; piece < pieces; piece++) expect((await rest.next()).done).toBe(false);
    await rest.return();
    expect([ended, await rest.next()]).toEqual([true, { value: undefined, done: true }]);
  }
});

/** A zstd frame that stores some bytes as they are, and announces a window of a size (RFC 8878, "Frames"). */
function zstdFrame(windowLog: number, bytes: Buffer): Buffer {
  const block = Buffer.alloc(3);
  block.writeUIntLE((bytes.length << 3) | 1, 0, 3);
  return Buffer.concat([Buffer.from('28b52ffd00', 'hex'), Buffer.of((windowLog - 10) << 3), block, bytes]);
}

it('a zstd window may have 512 MiB and not more', async () => {
  const bytes = text.subarray(0, 1000);
  expect(await read(zstdFrame(29, bytes))).toEqual(bytes);
  await expect(read(zstdFrame(30, bytes))).rejects.toMatchObject({
    kind: 'unsupported',
    message: 'the zstd stream needs a window of more than 512 MiB',
  });
});

it('an empty stream is empty', async () => {
  expect(await read(Buffer.alloc(0))).toHaveLength(0);
});

it.each([
  ['something else', Buffer.from('something else')],
  ['zeros', Buffer.alloc(512)],
])('gzip followed by %s is refused, in one piece or later', async (_, more) => {
  const bytes = Buffer.concat([gzipSync(text), more]);
  for (const size of [bytes.length, gzipSync(text).length]) {
    await expect(read(bytes, size)).rejects.toMatchObject({ kind: 'invalid' });
  }
});

describe('when the consumer stops', () => {
  it.each([
    ['gzip', gzipSync(text)],
    ['plain', text],
  ])('a %s source is closed', async (_, bytes) => {
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        yield* inPieces(bytes, 500);
      } finally {
        closed = true;
      }
    }
    for await (const _piece of decompress(source())) break;
    expect(closed).toBe(true);
  });
});

it('the first bytes say what it is', () => {
  const kind = (hex: string) => compressionOf(Buffer.from(hex, 'hex'));
  expect([kind('1f8b08'), kind('28b52ffd00'), kind('5e2a4d18'), kind('2e2f'), kind('')]).toEqual([
    'gzip',
    'zstd',
    'zstd',
    'none',
    'none',
  ]);
  expect(() => kind('425a6839')).toThrow('bzip2');
});
