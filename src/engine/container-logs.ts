import { existsSync, type FSWatcher, watch } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { requestWait } from '../runtime/monitor-client.ts';
import type { ContainerRow } from './container-store.ts';
import type { Context } from './context.ts';
import { observe } from './reconcile.ts';
import { controlSocket } from './stop-container.ts';

/** One entry of a container's log: a line with its newline, or a part of a very long one. */
export interface LogEntry {
  stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds. */
  time: string;
  text: string;
}

const CHUNK_BYTES = 256 * 1024;

/**
 * Yields what a container has written, oldest first, across rotated files; with `follow` goes on until it ends.
 * Stops when `signal` is aborted.
 */
export async function* readLogs(
  context: Context,
  row: ContainerRow,
  { follow, signal }: { follow: boolean; signal?: AbortSignal | undefined },
): AsyncGenerator<LogEntry> {
  const file = join(context.paths.containers, row.id, 'log');
  using changes = follow ? watchDirectory(dirname(file)) : undefined;
  const ending = follow ? await watchEnd(context, row) : ENDED;
  for (const rotated of rotatedFiles(file)) yield* entriesOf(rotated);
  let reader = await LogReader.open(file);
  try {
    for (;;) {
      const over = ending.ended || signal?.aborted === true;
      if (reader !== undefined) yield* reader.entries();
      if (over) return;
      const next = await successor(file, reader);
      if (next !== undefined) {
        if (reader !== undefined) yield* reader.entries();
        await reader?.close();
        reader = next;
        continue;
      }
      await Promise.race([changes?.next(), ending.promise, aborted(signal)]);
    }
  } finally {
    await reader?.close();
  }
}

interface Ending {
  ended: boolean;
  promise: Promise<unknown>;
}

const ENDED: Ending = { ended: true, promise: Promise.resolve() };

/** Asks the monitor to say when the container has ended; what does not run has ended. */
async function watchEnd(context: Context, row: ContainerRow): Promise<Ending> {
  const observed = await observe(context, row);
  if (observed?.status.state !== 'running') return ENDED;
  const ending: Ending = { ended: false, promise: Promise.resolve() };
  ending.promise = requestWait(controlSocket(context, row))
    .catch(() => undefined)
    .then(() => {
      ending.ended = true;
    });
  return ending;
}

/** `log.2`, `log.1`: the higher the number, the older. */
function rotatedFiles(file: string): string[] {
  const found: string[] = [];
  for (let number = 1; existsSync(`${file}.${number}`); number += 1) found.unshift(`${file}.${number}`);
  return found;
}

async function* entriesOf(file: string): AsyncGenerator<LogEntry> {
  const reader = await LogReader.open(file);
  if (reader === undefined) return;
  try {
    yield* reader.entries();
  } finally {
    await reader.close();
  }
}

/** The file that has taken the place of the one being read, if any: the log was rotated. */
async function successor(file: string, reader: LogReader | undefined): Promise<LogReader | undefined> {
  const current = await LogReader.open(file);
  if (current === undefined) return undefined;
  if (reader === undefined || reader.inode !== current.inode) return current;
  await current.close();
  return undefined;
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return new Promise(() => {});
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** Reads whole lines from where it stopped last time. */
class LogReader {
  readonly inode: number;
  readonly #handle: FileHandle;
  #offset = 0;
  #rest = '';
  #decoder = new TextDecoder();

  private constructor(handle: FileHandle, inode: number) {
    this.#handle = handle;
    this.inode = inode;
  }

  static async open(file: string): Promise<LogReader | undefined> {
    try {
      const handle = await open(file, 'r');
      return new LogReader(handle, (await handle.stat()).ino);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Everything up to the present end of the file; a line that is still being written waits for the next call. */
  async *entries(): AsyncGenerator<LogEntry> {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, this.#offset);
      if (bytesRead === 0) return;
      this.#offset += bytesRead;
      const lines = (
        this.#rest + this.#decoder.decode(buffer.subarray(0, bytesRead), { stream: true })
      ).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) {
        const entry = parseEntry(line);
        if (entry !== undefined) yield entry;
      }
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** A line of Docker's json-file format: `{"log":"…\n","stream":"stdout","time":"…"}`; none when a power cut tore it. */
function parseEntry(line: string): LogEntry | undefined {
  try {
    const entry = JSON.parse(line) as { log: string; stream: 'stdout' | 'stderr'; time: string };
    return { stream: entry.stream, time: entry.time, text: entry.log };
  } catch {
    return undefined;
  }
}

/** Changes in a directory, remembered between two looks so that none is missed. */
function watchDirectory(directory: string): { next(): Promise<void>; [Symbol.dispose](): void } {
  let changed = true;
  let wake = () => {};
  const watcher: FSWatcher = watch(directory, () => {
    changed = true;
    wake();
  });
  watcher.on('error', () => wake());
  return {
    next: () =>
      new Promise((resolve) => {
        const settle = () => {
          changed = false;
          resolve();
        };
        if (changed) settle();
        else wake = settle;
      }),
    [Symbol.dispose]: () => watcher.close(),
  };
}
