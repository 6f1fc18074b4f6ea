import { createReadStream, realpathSync, statSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join, posix, sep } from 'node:path';
import { EngineError } from '../../errors.ts';
import { isMissing } from '../../host/missing.ts';
import { type Digest, digestOf } from '../../oci/digest.ts';
import { newSha256 } from '../../oci/sha256.ts';
import type { BlobDraft, BlobStore, ExpectedBlob } from '../blob-store.ts';
import { printable, type TarEntry } from './entry.ts';
import { TarParser } from './parser.ts';

/** A regular file of an archive of images, or of a directory of them. */
export interface ImageFile {
  /** In bytes. */
  size: number;
  /** All of it. Throws `invalid` when it is longer than `limit` bytes. */
  read(limit: number): Promise<Uint8Array>;
  /** Its first bytes, enough to tell how it is compressed. */
  head(): Promise<Uint8Array>;
  digest(): Promise<Digest>;
  /** Makes it a blob of the store. Throws `invalid` when it is not what is expected. */
  keep(expected: ExpectedBlob): Promise<void>;
}

/** The files by their names, whatever holds them. */
export interface ImageFiles extends AsyncDisposable {
  /** Links are followed, inside of what holds the files. Undefined when there is no such file. */
  find(name: string): ImageFile | undefined;
}

/** Archives have a few entries for each layer. */
const MAX_ENTRIES = 65_536;
/** In characters: all their names, and those that links lead to. */
const MAX_NAMES = 16 * 1024 * 1024;
const MAX_LINKS = 16;
/** What is not longer is kept in memory, up to so much in all; other files lie beside the blobs. */
const SMALL = 64 * 1024;
const MAX_IN_MEMORY = 32 * 1024 * 1024;
const HEAD = 64;

/**
 * Reads a tar archive of images to its end: its files are hashed on the way, and those that are not small lie beside the
 * blobs until they are disposed of. Names lead nowhere but to entries. Throws `invalid` for a malformed archive, one with
 * names that lead out of it, with two files of one name, or with other things than files, directories and links.
 */
export async function readImageArchive(
  source: AsyncIterable<Uint8Array>,
  blobs: BlobStore,
): Promise<ImageFiles> {
  const archive = new Archive(blobs);
  try {
    const pieces: (TarEntry | Buffer)[] = [];
    const parser = new TarParser({
      entry: (entry) => void pieces.push(entry),
      data: (bytes) => void pieces.push(bytes),
      hole: () => {
        throw new EngineError('invalid', 'the archive has a sparse file, which no archive of images has');
      },
    });
    for await (const chunk of source) {
      parser.push(chunk);
      for (const piece of pieces.splice(0)) {
        if (Buffer.isBuffer(piece)) await archive.data(piece);
        else await archive.entry(piece);
      }
    }
    parser.end();
    await archive.finish();
    return archive;
  } catch (error) {
    await archive[Symbol.asyncDispose]();
    if (!archive.isEmpty || !(error instanceof EngineError) || error.kind !== 'invalid') throw error;
    throw new EngineError('invalid', `this is no tar archive: ${error.message}`, { cause: error });
  }
}

class Archive implements ImageFiles {
  readonly #blobs: BlobStore;
  readonly #files = new Map<string, SpooledFile>();
  readonly #links = new Map<string, string>();
  #entries = 0;
  #names = 0;
  #inMemory = 0;
  #current: { name: string; file: SpooledFile } | undefined;

  constructor(blobs: BlobStore) {
    this.#blobs = blobs;
  }

  /** Whether not a single entry was found in it. */
  get isEmpty(): boolean {
    return this.#entries === 0;
  }

  async entry({ type, name: raw, target, size }: TarEntry): Promise<void> {
    await this.finish();
    if (++this.#entries > MAX_ENTRIES)
      throw new EngineError('unsupported', `the archive has more than ${MAX_ENTRIES} entries`);
    this.#names += raw.length + target.length;
    if (this.#names > MAX_NAMES)
      throw new EngineError('unsupported', 'the names in the archive are too long');
    const name = insideOf('.', raw);
    if (type === 'directory') return;
    if (type === 'symlink') this.#link(name, insideOf(posix.dirname(name), target));
    else if (type === 'link') this.#link(name, insideOf('.', target));
    else if (type === 'file') {
      const isSmall = size <= SMALL && this.#inMemory + size <= MAX_IN_MEMORY;
      if (isSmall) this.#inMemory += size;
      const draft = isSmall ? undefined : await this.#blobs.begin();
      this.#current = { name, file: new SpooledFile(this.#blobs, draft) };
    } else throw new EngineError('invalid', `the archive has "${printable(raw)}", which is no file`);
  }

  /** What is said twice has to be the same: readers differ in which one they take. */
  #link(name: string, target: string): void {
    const earlier = this.#links.get(name);
    if (this.#files.has(name) || (earlier !== undefined && earlier !== target)) throw twice(name);
    this.#links.set(name, target);
  }

  async data(bytes: Buffer): Promise<void> {
    await this.#current?.file.write(bytes, printable(this.#current.name));
  }

  /** Ends the current file. */
  async finish(): Promise<void> {
    if (this.#current === undefined) return;
    const { name, file } = this.#current;
    this.#current = undefined;
    await file.end();
    const earlier = this.#files.get(name);
    if (earlier === undefined && !this.#links.has(name)) {
      this.#files.set(name, file);
      return;
    }
    await file[Symbol.asyncDispose]();
    if ((await earlier?.digest()) !== (await file.digest())) throw twice(name);
  }

  find(text: string): ImageFile | undefined {
    let name = posix.normalize(text);
    for (let links = 0; links < MAX_LINKS; links++) {
      const target = this.#links.get(name);
      if (target === undefined) return this.#files.get(name);
      name = target;
    }
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#current !== undefined) await this.#current.file[Symbol.asyncDispose]();
    for (const file of this.#files.values()) await file[Symbol.asyncDispose]();
  }
}

function twice(name: string): EngineError {
  return new EngineError('invalid', `the archive has two files of the name "${printable(name)}"`);
}

/** Returns where a name leads from a directory of the archive. Throws `invalid` when that is outside of it. */
function insideOf(directory: string, name: string): string {
  const path = posix.join(directory, name);
  if (path !== '..' && !path.startsWith('../')) return path.replace(/^\/+/, '').replace(/\/$/, '');
  throw new EngineError('invalid', `the archive has a name that leads out of it: "${printable(name)}"`);
}

/** In memory without a draft, else a blob that may become one of the store. */
class SpooledFile implements ImageFile, AsyncDisposable {
  size = 0;
  readonly #blobs: BlobStore;
  readonly #draft: BlobDraft | undefined;
  #pieces: Buffer[] = [];
  #digest: Digest | undefined;
  #kept = false;

  constructor(blobs: BlobStore, draft: BlobDraft | undefined) {
    this.#blobs = blobs;
    this.#draft = draft;
  }

  async write(bytes: Buffer, name: string): Promise<void> {
    this.size += bytes.length;
    if (this.#draft === undefined) this.#pieces.push(Buffer.from(bytes));
    else await this.#draft.write(bytes, name);
  }

  async end(): Promise<void> {
    if (this.#draft === undefined) this.#pieces = [Buffer.concat(this.#pieces)];
    await this.#draft?.close();
  }

  async read(limit: number): Promise<Uint8Array> {
    if (this.size > limit) throw tooLong(limit);
    if (this.#draft === undefined) return this.#bytes;
    return await readFile(this.#kept ? this.#blobs.path(this.#draft.digest()) : this.#draft.path);
  }

  async head(): Promise<Uint8Array> {
    if (this.#draft === undefined) return this.#bytes.subarray(0, HEAD);
    return await headOf(this.#kept ? this.#blobs.path(this.#draft.digest()) : this.#draft.path);
  }

  async digest(): Promise<Digest> {
    this.#digest ??= this.#draft?.digest() ?? digestOf(this.#bytes);
    return this.#digest;
  }

  async keep(expected: ExpectedBlob): Promise<void> {
    const digest = await this.digest();
    if (digest !== expected.digest) throw mismatch(expected, `has digest ${digest} in the archive`);
    if (this.size !== expected.size) throw mismatch(expected, `has ${this.size} bytes in the archive`);
    if (this.#kept || this.#blobs.has(digest)) return;
    if (this.#draft === undefined) await this.#blobs.put(this.#bytes);
    else await this.#draft.publish();
    this.#kept = this.#draft !== undefined;
  }

  get #bytes(): Buffer {
    return this.#pieces[0] ?? Buffer.alloc(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#draft?.[Symbol.asyncDispose]();
  }
}

/** Reads images from a directory: an OCI layout, or an archive that somebody has unpacked. */
export function openImageDirectory(directory: string, blobs: BlobStore): ImageFiles {
  const root = realpathSync(directory);
  return {
    find(name) {
      const path = realPath(join(root, name));
      if (path === undefined) return undefined;
      if (!path.startsWith(root + sep))
        throw new EngineError('invalid', `${name} leads out of ${directory}`, { subject: directory });
      const found = statSync(path);
      return found.isFile() ? fileOfDirectory(path, found.size, blobs) : undefined;
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

function fileOfDirectory(path: string, size: number, blobs: BlobStore): ImageFile {
  return {
    size,
    read: async (limit) => {
      if (size > limit) throw tooLong(limit);
      return await readFile(path);
    },
    head: () => headOf(path),
    digest: async () => {
      const hash = newSha256();
      for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
      return `sha256:${hash.digest('hex')}` as Digest;
    },
    keep: (expected) => blobs.write(expected, createReadStream(path, { highWaterMark: 256 * 1024 })),
  };
}

/** What keeps a name from leading to a file, besides that there is none. */
const NOWHERE = new Set(['ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE']);

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isMissing(error) || NOWHERE.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function tooLong(limit: number): EngineError {
  return new EngineError('invalid', `a document of the archive is longer than ${limit} bytes`);
}

function mismatch({ digest }: ExpectedBlob, problem: string): EngineError {
  return new EngineError('invalid', `blob ${digest} ${problem}`, { subject: digest });
}
