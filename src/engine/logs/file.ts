import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { GrowingFile } from '../../host/growing-file.ts';
import { isMissing } from '../../host/missing.ts';

/** An open file of a log: it can be read to its end whatever is renamed, compressed or deleted meanwhile. */
export interface LogFile {
  /** Lines without their newlines, from where the last call stopped. */
  lines(): AsyncGenerator<string[]>;
  /** Makes reading begin with the last `count` lines; returns how many there are, `count` at most. */
  keepLast(count: number): Promise<number>;
  close(): Promise<void>;
}

/** The file of a log that is written; undefined when there is none. */
export async function openWritten(path: string): Promise<(LogFile & { inode: number }) | undefined> {
  return await GrowingFile.open(path);
}

/** Opens a file that was put aside, by its name without `.gz`: it is there plain or compressed, until it is deleted. */
export async function openAside(path: string): Promise<LogFile | undefined> {
  // The compressed one is there before the other one goes.
  return (await GrowingFile.open(path)) ?? (await CompressedFile.open(`${path}.gz`));
}

class CompressedFile implements LogFile {
  readonly #handle: FileHandle;
  #skipped = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  static async open(path: string): Promise<CompressedFile | undefined> {
    try {
      return new CompressedFile(await open(path, 'r'));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async *lines(): AsyncGenerator<string[]> {
    if (this.#skipped === Number.POSITIVE_INFINITY) return;
    let number = 0;
    for await (const line of await this.#allLines()) {
      number += 1;
      if (number > this.#skipped) yield [line];
    }
    this.#skipped = Number.POSITIVE_INFINITY;
  }

  async keepLast(count: number): Promise<number> {
    let total = 0;
    for await (const _ of await this.#allLines()) total += 1;
    this.#skipped = Math.max(0, total - count);
    return total - this.#skipped;
  }

  async #allLines(): Promise<AsyncIterable<string>> {
    const { createGunzip } = await import('node:zlib');
    // By its descriptor: its name may be that of another file by now.
    const compressed = createReadStream(`/proc/self/fd/${this.#handle.fd}`);
    const text = createGunzip();
    compressed.on('error', (error) => text.destroy(error)).pipe(text);
    return createInterface({ input: text, crlfDelay: Number.POSITIVE_INFINITY });
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
