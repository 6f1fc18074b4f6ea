import { fstatSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isMissing } from './missing.ts';

const CHUNK_BYTES = 256 * 1024;
/** What is read is text before anything else is read. */
const CHUNK = Buffer.allocUnsafeSlow(CHUNK_BYTES);
const NEWLINE = 10;

/** A file that somebody appends lines to. It stays the same file when its name goes to another one. */
export class GrowingFile {
  readonly inode: number;
  readonly #handle: FileHandle;
  #offset = 0;
  #rest = '';
  #decoder = new TextDecoder();

  private constructor(handle: FileHandle, inode: number) {
    this.#handle = handle;
    this.inode = inode;
  }

  /** Opens a file; undefined when there is none. */
  static async open(path: string): Promise<GrowingFile | undefined> {
    try {
      const handle = await open(path, 'r');
      return new GrowingFile(handle, (await handle.stat()).ino);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /**
   * Lines without their newlines up to the present end; one that is still being written waits for the next call. A file
   * that was made shorter is read from its beginning, as tail(1) does: what was in it is gone.
   */
  async *lines(): AsyncGenerator<string[]> {
    for (;;) {
      const bytesRead = readSync(this.#handle.fd, CHUNK, 0, CHUNK.length, this.#offset);
      if (bytesRead === 0) {
        if (!this.#isShorter()) return;
        this.#beginAnew();
        continue;
      }
      this.#offset += bytesRead;
      const text = this.#decoder.decode(CHUNK.subarray(0, bytesRead), { stream: true });
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop() ?? '';
      if (lines.length > 0) yield lines;
    }
  }

  #isShorter(): boolean {
    return fstatSync(this.#handle.fd).size < this.#offset;
  }

  #beginAnew(): void {
    this.#offset = 0;
    this.#rest = '';
    this.#decoder = new TextDecoder();
  }

  /**
   * Makes reading begin with the last `count` whole lines; returns how many there are, `count` at most. Reads no more
   * of the file than these, from its end.
   */
  async keepLast(count: number): Promise<number> {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    let at = await this.#endOfLines(buffer);
    let found = 0;
    this.#offset = at;
    // The newline before `at` ends the last line; each one before it ends the line before.
    while (at > 0 && found < count) {
      const length = Math.min(buffer.length, at - 1);
      const start = at - 1 - length;
      await this.#handle.read(buffer, 0, length, start);
      const newline = length === 0 ? -1 : buffer.subarray(0, length).lastIndexOf(NEWLINE);
      ({ at, found } = this.#countBackwards(buffer.subarray(0, length), newline, { start, found, count }));
    }
    return found;
  }

  /** Goes from line to line within what was read; moves the offset to the first one that is kept. */
  #countBackwards(
    bytes: Buffer,
    lastNewline: number,
    { start, found, count }: { start: number; found: number; count: number },
  ): { at: number; found: number } {
    let newline = lastNewline;
    let counted = found;
    while (newline >= 0 && counted < count) {
      counted += 1;
      this.#offset = start + newline + 1;
      newline = newline === 0 ? -1 : bytes.lastIndexOf(NEWLINE, newline - 1);
    }
    if (start > 0 || counted >= count) return { at: start + 1, found: counted };
    this.#offset = 0;
    return { at: 0, found: counted + 1 };
  }

  /** Behind the last newline. */
  async #endOfLines(buffer: Buffer): Promise<number> {
    for (let end = (await this.#handle.stat()).size; end > 0; ) {
      const start = Math.max(0, end - buffer.length);
      await this.#handle.read(buffer, 0, end - start, start);
      const newline = buffer.subarray(0, end - start).lastIndexOf(NEWLINE);
      if (newline >= 0) return start + newline + 1;
      end = start;
    }
    return 0;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
