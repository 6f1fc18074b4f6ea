import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { Change } from '../../host/directory-changes.ts';
import { unlessMissing } from '../../host/missing.ts';
import type { EngineEvent } from './journal.ts';

/** Whole lines of a journal, from one byte to another. */
interface Passage {
  readonly events: readonly EngineEvent[];
  /** The byte behind its last newline. */
  readonly end: number;
}

const CHUNK_BYTES = 256 * 1024;
/** What is read is text before anything else is read. */
let chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
const NEWLINE = 10;
/** What was read for one is kept for others who come to the same place: news, but not the past, which is long. */
const MOST_PASSAGES = 8;
const MOST_KEPT_BYTES = 16 * 1024;

/** What a name has led to at some moment. */
export interface SeenFile {
  inode: number;
  /** Bytes. */
  size: number;
}

/** What was seen after each change. */
const seen = new WeakMap<Change, SeenFile | undefined>();

/**
 * The file that has the journal's name; undefined: none. Looked at once after each change, for all who were told of it: it may
 * be an older sight than that of something read since, but of nothing that was told of by that change or before.
 */
export function presentFile(path: string, change: Change): SeenFile | undefined {
  if (seen.has(change)) return seen.get(change);
  const stat = statSync(path, { throwIfNoEntry: false });
  const present = stat && { inode: stat.ino, size: stat.size };
  seen.set(change, present);
  return present;
}

/** The files that somebody of this process has open, by inode: it is no other file's as long as one has. */
const open = new Map<number, JournalFile>();

/** A file of the journal, opened once for all of this process who read it, and each line parsed once. */
class JournalFile {
  readonly inode: number;
  readers = 1;
  readonly #fd: number;
  /** By where they begin; the newest last. */
  readonly #passages = new Map<number, Passage>();

  constructor(fd: number, inode: number) {
    this.#fd = fd;
    this.inode = inode;
  }

  /** What stands behind a byte at which a line begins; undefined: no whole line yet. */
  after(at: number): Passage | undefined {
    const known = this.#passages.get(at);
    if (known !== undefined) return known;
    const passage = this.#read(at);
    if (passage === undefined || passage.end - at > MOST_KEPT_BYTES) return passage;
    this.#passages.set(at, passage);
    if (this.#passages.size > MOST_PASSAGES) this.#passages.delete(this.#passages.keys().next().value ?? at);
    return passage;
  }

  #read(at: number): Passage | undefined {
    for (;;) {
      const length = readSync(this.#fd, chunk, 0, chunk.length, at);
      const newline = chunk.subarray(0, length).lastIndexOf(NEWLINE);
      if (newline >= 0) {
        const lines = chunk.toString('utf8', 0, newline).split('\n');
        return {
          events: lines.map(parseEvent).filter((event) => event !== undefined),
          end: at + newline + 1,
        };
      }
      if (length < chunk.length) return undefined;
      chunk = Buffer.allocUnsafeSlow(2 * chunk.length);
    }
  }

  /** The byte behind the last newline. */
  endOfLines(): number {
    for (let end = this.size(); end > 0; ) {
      const start = Math.max(0, end - chunk.length);
      const length = readSync(this.#fd, chunk, 0, end - start, start);
      const newline = chunk.subarray(0, length).lastIndexOf(NEWLINE);
      if (newline >= 0) return start + newline + 1;
      end = start;
    }
    return 0;
  }

  /** The bytes that the file has. */
  size(): number {
    return fstatSync(this.#fd).size;
  }

  /** Forgets what the file had before somebody made it shorter. */
  forget(): void {
    this.#passages.clear();
  }

  leave(): void {
    this.readers -= 1;
    if (this.readers > 0) return;
    open.delete(this.inode);
    closeSync(this.#fd);
  }
}

/**
 * A place in a file of the journal, of which what comes is read. The file stays the same when its name goes to another one.
 * All is done at once, by this thread: many who are told of each line look for each, and another thread takes twenty times
 * as long.
 */
export class JournalPlace {
  readonly #file: JournalFile;
  #at = 0;

  private constructor(file: JournalFile) {
    this.#file = file;
  }

  /** The beginning of a file; undefined when there is none. Throws the system's error when it cannot be read. */
  static open(path: string): JournalPlace | undefined {
    return unlessMissing(() => {
      const fd = openSync(path, 'r');
      const inode = fstatSync(fd).ino;
      const known = open.get(inode);
      if (known !== undefined) {
        closeSync(fd);
        known.readers += 1;
        return new JournalPlace(known);
      }
      const file = new JournalFile(fd, inode);
      open.set(inode, file);
      return new JournalPlace(file);
    });
  }

  get inode(): number {
    return this.#file.inode;
  }

  /** Goes to the end of what there is, behind the last whole line. */
  skipAll(): void {
    this.#at = this.#file.endOfLines();
  }

  /**
   * Reads to the end of what there is, or was when `seen` was looked at; a line that is still being written waits for the next
   * call. A file that was made shorter is read from its beginning, as tail(1) does: what was in it is gone.
   */
  *events(seen?: SeenFile): Generator<EngineEvent> {
    let size = seen?.inode === this.inode ? seen.size : this.#file.size();
    if (size < this.#at) size = this.#file.size();
    if (size < this.#at) {
      this.#file.forget();
      this.#at = 0;
    }
    while (this.#at < size) {
      const passage = this.#file.after(this.#at);
      if (passage === undefined) return;
      this.#at = passage.end;
      yield* passage.events;
    }
  }

  /** Nothing can be read from it any more. */
  close(): undefined {
    this.#file.leave();
  }
}

interface JournalLine {
  Type: string;
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  scope: string;
}

/** Parses a line of the journal; undefined when a power cut tore it. */
function parseEvent(line: string): EngineEvent | undefined {
  try {
    const { Type, Action, Actor, scope } = JSON.parse(line) as JournalLine;
    const timeNano = BigInt(/"timeNano":(\d+)\}$/.exec(line)?.[1] ?? '0');
    return { type: Type, action: Action, id: Actor.ID, attributes: Actor.Attributes, scope, timeNano };
  } catch {
    return undefined;
  }
}
