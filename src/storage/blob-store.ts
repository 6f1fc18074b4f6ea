import { createReadStream, existsSync, mkdirSync } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { isMissing } from '../host/missing.ts';
import { randomHex } from '../host/random.ts';
import { syncDirectory } from '../host/sync-directory.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import { newSha256 } from '../oci/sha256.ts';

/** The digest and size that a blob is expected to have. */
export type ExpectedBlob = Pick<Descriptor, 'digest' | 'size'>;

export interface BlobWriteOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes in each piece that was written. */
  readonly onChunk?: ((bytes: number) => void) | undefined;
}

/**
 * Content by its digest, at `<blobs>/<hex>`. A blob becomes visible when its bytes are verified and on disk, in one
 * step; so what is here is complete. Writing what is there already is harmless.
 */
export class BlobStore {
  readonly #blobs: string;
  readonly #tmp: () => string;

  /** `blobs` is the directory that holds the files; `tmp` returns this process's own, on the same file system. */
  constructor(paths: { blobs: string; tmp: () => string }) {
    this.#blobs = paths.blobs;
    this.#tmp = paths.tmp;
  }

  has(digest: Digest): boolean {
    return existsSync(this.path(digest));
  }

  path(digest: Digest): string {
    return join(this.#blobs, hexOf(digest));
  }

  /** Returns the size of a blob in bytes. Throws `notFound`. */
  async size(digest: Digest): Promise<number> {
    try {
      return (await stat(this.path(digest))).size;
    } catch (cause) {
      throw isMissing(cause) ? missing(digest, cause) : cause;
    }
  }

  /**
   * A small blob, verified, in memory. Its size is looked at first: a manifest may name as its config whatever lies
   * here, a layer of gigabytes too. Throws `notFound`, or `invalid` when the file is not as long as is expected, or
   * not what its name says.
   */
  async read(blob: ExpectedBlob): Promise<Uint8Array> {
    const { digest, size } = blob;
    const actual = await this.size(digest);
    if (actual !== size) throw mismatch(blob, `has ${actual} bytes in the store instead of ${size}`);
    let bytes: Buffer;
    try {
      bytes = await readFile(this.path(digest));
    } catch (cause) {
      throw isMissing(cause) ? missing(digest, cause) : cause;
    }
    if (digestOf(bytes) === digest) return bytes;
    throw mismatch(blob, 'is damaged in the store');
  }

  /** The bytes of a blob as they are in the file, in pieces of 256 KiB. Throws the system's error while reading. */
  stream(digest: Digest): AsyncIterable<Uint8Array> {
    return createReadStream(this.path(digest), { highWaterMark: 256 * 1024 });
  }

  /** Stores a blob. Throws as `tee` does. A blob that is there already is left alone, and `source` unread. */
  async write(
    blob: ExpectedBlob,
    source: AsyncIterable<Uint8Array>,
    options: BlobWriteOptions = {},
  ): Promise<void> {
    if (this.has(blob.digest)) return;
    for await (const _ of this.tee(blob, source, options));
  }

  /** Stores bytes under their digest. */
  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOf(bytes);
    await this.write({ digest, size: bytes.length }, once(bytes));
    return digest;
  }

  /**
   * Stores a blob and hands its bytes on, so that it can be unpacked while it arrives. It is published when the
   * consumer asks for more after the last byte; until then, and when the consumer stops early, nothing is kept.
   *
   * Throws `invalid`, naming the digest, for too many bytes (at once), too few, or wrong ones; `unavailable` when the
   * disk is full; `cancelled`; errors of `source` as they are.
   */
  async *tee(
    blob: ExpectedBlob,
    source: AsyncIterable<Uint8Array>,
    { signal, onChunk }: BlobWriteOptions = {},
  ): AsyncGenerator<Uint8Array> {
    await using draft = await this.begin();
    for await (const chunk of source) {
      if (signal?.aborted) throw new EngineError('cancelled', `fetching ${blob.digest} was cancelled`);
      if (draft.size + chunk.length > blob.size)
        throw mismatch(blob, `is longer than its ${blob.size} bytes`);
      await draft.write(chunk, `blob ${blob.digest}`);
      onChunk?.(chunk.length);
      yield chunk;
    }
    if (draft.size < blob.size) throw mismatch(blob, `ended after ${draft.size} of ${blob.size} bytes`);
    if (draft.digest() !== blob.digest) throw mismatch(blob, `arrived with digest ${draft.digest()}`);
    await draft.publish();
  }

  /** A blob whose digest nobody knows before all of it is there. */
  async begin(): Promise<BlobDraft> {
    const path = join(this.#tmp(), `blob-${randomHex(8)}`);
    return new BlobDraft({ path, blobs: this.#blobs, file: await open(path, 'wx', 0o600) });
  }
}

/** A blob that is being written. What is disposed of before it was published is gone. */
export class BlobDraft implements AsyncDisposable {
  size = 0;
  readonly #place: { path: string; blobs: string; file: FileHandle };
  readonly #hash = newSha256();
  #digest: Digest | undefined;
  #published = false;

  constructor(place: { path: string; blobs: string; file: FileHandle }) {
    this.#place = place;
  }

  /** Appends bytes. Throws `unavailable` when the disk is full, with `name` for what is stored. */
  async write(chunk: Uint8Array, name: string): Promise<void> {
    this.size += chunk.length;
    this.#hash.update(chunk);
    await writeAll(this.#place.file, chunk, name);
  }

  /** Keeps bytes and hands them on. */
  async *keep(source: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      await this.write(chunk, name);
      yield chunk;
    }
  }

  /** The digest of all of it; nothing can be written any more. */
  digest(): Digest {
    this.#digest ??= `sha256:${this.#hash.digest('hex')}` as Digest;
    return this.#digest;
  }

  /** Where its bytes are, until it is published. */
  get path(): string {
    return this.#place.path;
  }

  /** Gives its descriptor back, when there is nothing to be written any more. It can be published all the same. */
  async close(): Promise<void> {
    await this.#place.file.close();
  }

  /** Makes it visible under its digest once it is on disk. */
  async publish(): Promise<void> {
    const { path, blobs } = this.#place;
    await this.close();
    const file = await open(path, 'r+');
    await file.sync().finally(() => file.close());
    mkdirSync(blobs, { recursive: true, mode: 0o700 });
    await rename(path, join(blobs, hexOf(this.digest())));
    this.#published = true;
    syncDirectory(blobs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#place.file.close();
    if (!this.#published) await rm(this.#place.path, { force: true });
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array, name: string): Promise<void> {
  try {
    for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw cause;
    throw new EngineError('unavailable', `no space left on device while storing ${name}`, {
      hint: 'free some space where the store lies, or choose another place with --root',
      subject: name,
      cause,
    });
  }
}

function missing(digest: Digest, cause: unknown): EngineError {
  return new EngineError('notFound', `blob ${digest} is not in the store`, { subject: digest, cause });
}

function mismatch(blob: ExpectedBlob, problem: string): EngineError {
  return new EngineError('invalid', `blob ${blob.digest} ${problem}`, { subject: blob.digest });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
