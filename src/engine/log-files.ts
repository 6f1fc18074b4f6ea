import { createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { GrowingFile } from '../host/growing-file.ts';

/** One file of a log, open: it can be read to its end whatever is renamed, compressed or deleted meanwhile. */
export interface LogFile {
  readonly inode: number;
  /** Lines without their newlines, from where the last call stopped. */
  lines(): AsyncGenerator<string[]>;
  /** What is read begins with the last `count` lines; returns how many there are, `count` at most. */
  keepLast(count: number): Promise<number>;
  close(): Promise<void>;
}

/** The files that a log consists of, oldest first: `log.2.gz`, `log.1`, `log`. */
export async function openLogFiles(file: string): Promise<LogFile[]> {
  // From the newest on: what is renamed meanwhile is met twice rather than missed.
  const found = new Map<number, LogFile>();
  const highest = await highestNumber(file);
  for (let number = 0; ; number += 1) {
    const opened = number === 0 ? await GrowingFile.open(file) : await openAside(`${file}.${number}`);
    // While files are renamed, from the oldest on, one number among them is free.
    if (opened === undefined && number > highest) break;
    if (opened === undefined) continue;
    if (found.has(opened.inode)) await opened.close();
    else found.set(opened.inode, opened);
  }
  return [...found.values()].reverse();
}

/** Of the files put aside; 0 when there are none. */
async function highestNumber(file: string): Promise<number> {
  const prefix = `${basename(file)}.`;
  const asides = (await readdir(dirname(file))).filter((name) => name.startsWith(prefix));
  const numbers = asides.map((name) => Number.parseInt(name.slice(prefix.length), 10));
  return Math.max(0, ...numbers.filter((number) => number > 0));
}

/** The files that were begun after the one with this inode, oldest first; all of them when it is not there any more. */
export async function openNewerFiles(
  file: string,
  inode: number | undefined,
): Promise<{ files: LogFile[]; isGapless: boolean }> {
  if ((await inodeOf(file)) === inode) return { files: [], isGapless: true };
  const files = await openLogFiles(file);
  const known = files.findIndex((each) => each.inode === inode);
  for (const older of files.slice(0, known + 1)) await older.close();
  return { files: files.slice(known + 1), isGapless: inode === undefined || known >= 0 };
}

async function inodeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).ino;
  } catch {
    return undefined;
  }
}

async function openAside(path: string): Promise<LogFile | undefined> {
  return (await GrowingFile.open(path)) ?? (await CompressedFile.open(`${path}.gz`));
}

class CompressedFile implements LogFile {
  readonly inode: number;
  readonly #handle: FileHandle;
  #skipped = 0;

  private constructor(handle: FileHandle, inode: number) {
    this.#handle = handle;
    this.inode = inode;
  }

  static async open(path: string): Promise<CompressedFile | undefined> {
    try {
      const handle = await open(path, 'r');
      return new CompressedFile(handle, (await handle.stat()).ino);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async *lines(): AsyncGenerator<string[]> {
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
