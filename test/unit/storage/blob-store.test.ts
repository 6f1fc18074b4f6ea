import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { BlobStore } from '../../../src/storage/blob-store.ts';

let root: string;
let store: BlobStore;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-blobs-'));
  mkdirSync(join(root, 'tmp'));
  store = new BlobStore({ blobs: join(root, 'blobs'), tmp: () => join(root, 'tmp') });
});
afterEach(() => {
  expect(readdirSync(join(root, 'tmp'))).toEqual([]);
  rmSync(root, { recursive: true });
});

const bytes = Buffer.from('content of a blob');
const blob = { digest: digestOf(bytes), size: bytes.length };

async function* from(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

it('keeps what was written under its digest', async () => {
  const seen: number[] = [];
  await store.write(blob, from(bytes.subarray(0, 5), bytes.subarray(5)), {
    onChunk: (size) => seen.push(size),
  });
  expect(store.has(blob.digest)).toBe(true);
  expect(readFileSync(store.path(blob.digest))).toEqual(bytes);
  expect(await store.read(blob)).toEqual(bytes);
  expect(seen).toEqual([5, bytes.length - 5]);
});

it('leaves a blob alone that is there', async () => {
  await store.put(bytes);
  await store.write(blob, from(Buffer.from('never read')));
  expect(await store.read(blob)).toEqual(bytes);
});

it.each([
  ['wrong bytes', [Buffer.from('c0ntent of a blob')], /arrived with digest sha256:/],
  ['too few bytes', [bytes.subarray(1)], /ended after 16 of 17 bytes/],
  ['too many bytes', [bytes, Buffer.from('!')], /is longer than its 17 bytes/],
])('refuses %s and keeps nothing', async (_, parts, message) => {
  await expect(store.write(blob, from(...parts))).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(message),
    subject: blob.digest,
  });
  expect(store.has(blob.digest)).toBe(false);
});

it('reads no further than the size that was promised', async () => {
  let asked = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      asked++;
      yield bytes;
    }
  }
  await expect(store.write(blob, endless())).rejects.toMatchObject({ kind: 'invalid' });
  expect(asked).toBe(2);
});

it('publishes when the consumer of tee has asked for more after the last byte, and not before', async () => {
  const reader = store.tee(blob, from(bytes));
  expect((await reader.next()).value).toEqual(bytes);
  expect(store.has(blob.digest)).toBe(false);
  expect((await reader.next()).done).toBe(true);
  expect(store.has(blob.digest)).toBe(true);
});

it('keeps nothing when the consumer of tee stops', async () => {
  for await (const _ of store.tee(blob, from(bytes))) break;
  expect(store.has(blob.digest)).toBe(false);
});

it('stops when it is cancelled', async () => {
  const writing = store.write(blob, from(bytes), { signal: AbortSignal.abort() });
  await expect(writing).rejects.toMatchObject({ kind: 'cancelled' });
});

it('notices a blob that was damaged in the store', async () => {
  await store.put(bytes);
  writeFileSync(store.path(blob.digest), 'something else');
  await expect(store.read(blob)).rejects.toMatchObject({ kind: 'invalid' });
  await expect(store.read({ ...blob, digest: `sha256:${'0'.repeat(64)}` as Digest })).rejects.toMatchObject({
    kind: 'notFound',
  });
});

it('reads no blob into memory that is larger than it is expected to be', async () => {
  const large = Buffer.alloc(100_000);
  const digest = await store.put(large);
  // What is behind its first bytes cannot be read: whoever tried would get another error.
  truncateSync(store.path(digest), 2 ** 40);
  await expect(store.read({ digest, size: 17 })).rejects.toMatchObject({
    kind: 'invalid',
    message: `blob ${digest} has ${2 ** 40} bytes in the store instead of 17`,
  });
});

it('takes a blob whose digest shows at its end', async () => {
  {
    await using draft = await store.begin();
    const seen: Uint8Array[] = [];
    for await (const piece of draft.keep(from(bytes.subarray(0, 5), bytes.subarray(5)), 'it'))
      seen.push(piece);
    expect(Buffer.concat(seen)).toEqual(bytes);
    expect({ digest: draft.digest(), size: draft.size }).toEqual(blob);
    expect(store.has(blob.digest)).toBe(false);
    await draft.publish();
  }
  expect(await store.read(blob)).toEqual(bytes);
});

it('keeps nothing of a blob that is given up', async () => {
  {
    await using draft = await store.begin();
    await draft.write(bytes, 'it');
  }
  expect(store.has(blob.digest)).toBe(false);
});
