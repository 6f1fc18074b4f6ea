import type { EntryType, TarEntry } from '../tar/entry.ts';
import { type LayerOperation, mayBeLeftOut } from './entry.ts';

/**
 * Encodes file operations for `skiff-helper apply` (src/storage/layer/LAYERS.md, "The apply stream"): records of a length, an
 * operation and a body, gathered in buffers of 256 KiB. Content that comes in large pieces is not copied.
 */
export class ApplyStream {
  #batch: Buffer = Buffer.allocUnsafe(BATCH);
  #used = 0;
  #ready: Buffer[] = [];

  /** Writes an entry of the archive, as the policy has passed it. Link targets and attributes are bytes (latin1). */
  make(entry: TarEntry, operation: LayerOperation & { kind: 'make' }): void {
    const { path, target, xattrs } = operation;
    let length = ENTRY_FIXED + path.length + target.length + 2;
    for (const { name, value } of xattrs) length += 9 + name.length + value.length;
    let at = this.#begin(OPERATIONS[entry.type], length);
    const batch = this.#batch;
    batch.writeUInt32LE(entry.mode, at);
    batch.writeUInt32LE(entry.uid, at + 4);
    batch.writeUInt32LE(entry.gid, at + 8);
    batch.writeUInt32LE(entry.mtime.nanoseconds, at + 12);
    writeInt64(batch, entry.mtime.seconds, at + 16);
    batch.writeUInt32LE(entry.major, at + 24);
    batch.writeUInt32LE(entry.minor, at + 28);
    at = this.#strings(at, path, target, xattrs.length);
    for (const { name, value } of xattrs) {
      batch.writeUInt16LE(name.length, at);
      batch.writeUInt16LE(mayBeLeftOut(name) ? MAY_BE_LEFT_OUT : 0, at + 2);
      batch.writeUInt32LE(value.length, at + 4);
      at += 8;
      at += batch.write(name, at, 'latin1');
      batch[at++] = 0;
      at += batch.write(value, at, 'latin1');
    }
  }

  /** Hides what lower layers have at a path, or all they have in a directory. */
  hide(kind: 'whiteout' | 'opaque', path: string): void {
    this.#path(kind === 'whiteout' ? 'W' : 'O', path);
  }

  /** Deletes what this layer has made at a path. */
  discard(path: string): void {
    this.#path('U', path);
  }

  /** Gives the layer's root the attributes of another directory, by its path on the host. */
  inherit(directory: string): void {
    this.#path('I', Buffer.from(directory).toString('latin1'));
  }

  /** The next bytes of the file that was made last. */
  data(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += MAX_DATA) {
      const piece = bytes.subarray(at, at + MAX_DATA);
      if (piece.length < DIRECT) {
        const at = this.#begin('d', piece.length);
        piece.copy(this.#batch, at);
        continue;
      }
      this.#begin('d', piece.length, 0);
      this.#close();
      this.#ready.push(piece);
    }
  }

  /** Content of that file: `length` bytes that the helper itself has, from a position in the unpacked archive on. */
  content(position: number, length: number): void {
    const at = this.#begin('c', 16);
    writeInt64(this.#batch, position, at);
    writeInt64(this.#batch, length, at + 8);
  }

  /** Says that no content before a position in the archive is needed any more. */
  release(position: number): void {
    const at = this.#begin('r', 8);
    writeInt64(this.#batch, position, at);
  }

  /** Writes `length` zeros, which need not be stored. */
  hole(length: number): void {
    const at = this.#begin('h', 8);
    writeInt64(this.#batch, length, at);
  }

  /** Asks the helper to answer when everything before is done. */
  checkpoint(): void {
    this.#begin('K', 0);
  }

  end(): void {
    this.#begin('E', 0);
  }

  /** The buffers that are complete, or with `all` everything so far. They are the caller's. */
  take(all: boolean): Buffer[] {
    if (all) this.#close();
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  #path(operation: string, path: string): void {
    const length = ENTRY_FIXED + path.length + 2;
    const at = this.#begin(operation, length);
    this.#batch.fill(0, at, at + length);
    this.#strings(at, path, '', 0);
  }

  #strings(start: number, path: string, target: string, attributes: number): number {
    const batch = this.#batch;
    let at = start;
    batch.writeUInt16LE(path.length, at + 32);
    batch.writeUInt16LE(target.length, at + 34);
    batch.writeUInt32LE(attributes, at + 36);
    at += ENTRY_FIXED;
    at += batch.write(path, at, 'latin1');
    batch[at++] = 0;
    at += batch.write(target, at, 'latin1');
    batch[at++] = 0;
    return at;
  }

  /** Writes a record's header and makes room for its body; returns where the body begins. */
  #begin(operation: string, length: number, room = length): number {
    if (this.#used + HEADER + room > this.#batch.length) {
      this.#close();
      if (HEADER + room > this.#batch.length) this.#batch = Buffer.allocUnsafe(HEADER + room);
    }
    const at = this.#used;
    this.#batch.writeUInt32LE(length, at);
    this.#batch.writeUInt32LE(operation.charCodeAt(0), at + 4);
    this.#used = at + HEADER + room;
    return at + HEADER;
  }

  /** Ends the batch; the next one begins in the rest of its memory when that is worth it. */
  #close(): void {
    if (this.#used === 0) return;
    this.#ready.push(this.#batch.subarray(0, this.#used));
    const rest = this.#batch.subarray(this.#used);
    this.#batch = rest.length >= BATCH / 4 ? rest : Buffer.allocUnsafe(BATCH);
    this.#used = 0;
  }
}

const BATCH = 256 * 1024;
const HEADER = 8;
const ENTRY_FIXED = 40;
/** Flag of an attribute. */
const MAY_BE_LEFT_OUT = 1;
/** The size in bytes from which a piece of content is handed on instead of copied. */
const DIRECT = 32 * 1024;
/** The helper holds a whole record in memory. */
const MAX_DATA = 1024 * 1024;

const OPERATIONS: Readonly<Record<EntryType, string>> = {
  file: 'F',
  directory: 'D',
  symlink: 'S',
  link: 'H',
  fifo: 'P',
  char: 'C',
  block: 'B',
};

/** Faster than a BigInt for each entry; exact for safe integers. */
function writeInt64(buffer: Buffer, value: number, at: number): void {
  const high = Math.floor(value / 2 ** 32);
  buffer.writeUInt32LE(value - high * 2 ** 32, at);
  buffer.writeInt32LE(high, at + 4);
}
