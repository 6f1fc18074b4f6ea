import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { namesIn } from '../../host/missing.ts';
import { type LogFile, openAside, openWritten } from './file.ts';

/** A file that was put aside: `log.0000000007`, or `log.0000000007.gz`. */
interface Aside {
  number: number;
  path: string;
}

/**
 * The files of a log in the order in which they were written, each once, whatever is put aside, compressed or deleted
 * meanwhile. Whoever writes them gives each file that is put aside the number after the last one, for good
 * (native/log/log_rotate.h). The file that is written has none yet: it comes next when nothing was put aside between the
 * file before it and the moment in which it was opened.
 */
export class LogFiles {
  readonly #file: string;
  /** The number of the last file that was given; for one that is still written, the number that it will get. */
  #last = Number.NEGATIVE_INFINITY;
  #written: number | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * Opens the files after all that were given before, oldest first. Empty: the last one is still written, or there is
   * nothing yet. When there are some, nobody writes to the last one before any more: it can be read to its end.
   */
  async next(): Promise<LogFile[]> {
    if (this.#written !== undefined) {
      if ((await inodeOf(this.#file)) === this.#written) return [];
      this.#written = undefined;
    }
    for (;;) {
      const asides = await this.#asides();
      const opened = asides.length > 0 ? await openAll(asides) : await this.#openWritten();
      this.#last = asides.at(-1)?.number ?? this.#last;
      if (opened !== undefined && (opened.length > 0 || asides.length === 0)) return opened;
    }
  }

  /**
   * Opens the file that is written now; undefined when files were put aside meanwhile, which come first: maybe this one
   * is among them.
   */
  async #openWritten(): Promise<LogFile[] | undefined> {
    const opened = await openWritten(this.#file);
    if ((await this.#asides()).length > 0) {
      await opened?.close();
      return undefined;
    }
    if (opened === undefined) return [];
    this.#written = opened.inode;
    this.#last = Math.max(this.#last, 0) + 1;
    return [opened];
  }

  /** Lists the files that were put aside after the last one that was given, oldest first. */
  async #asides(): Promise<Aside[]> {
    const prefix = `${basename(this.#file)}.`;
    const numbers = namesIn(dirname(this.#file))
      .filter((name) => name.startsWith(prefix))
      .flatMap((name) => numberOf(name.slice(prefix.length)))
      .filter((number) => number > this.#last);
    const asides = [...new Set(numbers)].sort((a, b) => a - b);
    return asides.map((number) => ({ number, path: `${this.#file}.${nameOf(number)}` }));
  }
}

const DIGITS = 10;

/**
 * Returns the number of a file that was put aside. An earlier version called the newest one `log.1`, and moved all of
 * them on: they come before the first.
 */
function numberOf(suffix: string): number | [] {
  const digits = /^(\d+)(\.gz)?$/.exec(suffix)?.[1];
  if (digits === undefined) return [];
  return digits.length < DIGITS ? 1 - Number(digits) : Number(digits);
}

function nameOf(number: number): string {
  return number > 0 ? String(number).padStart(DIGITS, '0') : String(1 - number);
}

/** Opens files that were put aside, but for those that were deleted meanwhile. */
async function openAll(asides: readonly Aside[]): Promise<LogFile[]> {
  const opened: LogFile[] = [];
  for (const { path } of asides) {
    const file = await openAside(path);
    if (file !== undefined) opened.push(file);
  }
  return opened;
}

async function inodeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).ino;
  } catch {
    return undefined;
  }
}

/** How long a log is read. */
export interface LogReading {
  /** The number of lines to begin with: only the last ones of those that are there already. */
  tail?: number | undefined;
  /** Those to begin with, if they are open already: then `tail` is theirs. */
  files?: LogFile[];
  /** Asked before more is looked for: whether nothing is written any more. */
  isOver(): boolean;
  /** Resolves when there may be more. */
  change(): Promise<void>;
}

/** The lines of a log, oldest first, until it is over; each once and none left out, whatever happens to its files. */
export async function* readLogFiles(
  log: LogFiles,
  { tail, files: opened, isOver, change }: LogReading,
): AsyncGenerator<string[]> {
  let files = opened ?? (await openLogFiles(log, tail));
  let current: LogFile | undefined;
  try {
    for (;;) {
      const over = isOver();
      if (current !== undefined) yield* current.lines();
      const next = files.shift();
      if (next !== undefined) {
        await current?.close();
        current = next;
        continue;
      }
      // What was written to the present file before it was put aside is read first.
      files = await log.next();
      if (files.length > 0) continue;
      if (over) return;
      await change();
    }
  } finally {
    for (const open of [current, ...files]) await open?.close();
  }
}

/**
 * The files to begin with; those with the last `tail` entries, each at the first one that is wanted. Of a log whose files
 * are put aside all the time the last entries are those at one moment since the call.
 */
export async function openLogFiles(log: LogFiles, tail: number | undefined): Promise<LogFile[]> {
  const files = [...(await log.next()), ...(await log.next())];
  if (tail === undefined) return files;
  const kept: LogFile[] = [];
  let missing = tail;
  for (const file of files.toReversed()) {
    // The newest is kept in any case: what comes is written there.
    if (missing === 0 && kept.length > 0) await file.close();
    else {
      missing -= await file.keepLast(missing);
      kept.unshift(file);
    }
  }
  return kept;
}
