import { type ChildProcess, spawn } from 'node:child_process';
import { verbEnd } from './verb-end.ts';

/** Changes in a directory, remembered between two looks so that none is missed. */
export interface DirectoryChanges {
  /** Resolves when something has changed since the last call; the first time at once. */
  next(): Promise<void>;
  [Symbol.dispose](): void;
}

/** The directory is not there. */
export class DirectoryMissing extends Error {}

/**
 * Watches the files of a directory from when it resolves; only those called `name` when there is one. The helper looks
 * (`await-changes`), as Bun tells nothing of a change that follows another one of the same file within milliseconds; once for
 * all of this process who watch the same. Throws `DirectoryMissing`.
 */
export async function watchDirectory(
  helper: string,
  directory: string,
  name?: string,
): Promise<DirectoryChanges> {
  const words = ['await-changes', directory, ...(name === undefined ? [] : [name])];
  const key = words.join('\0');
  const watcher = watchers.get(key) ?? new Watcher(helper, words, directory, () => void watchers.delete(key));
  watchers.set(key, watcher);
  const changes = new Changes();
  const leave = watcher.join(changes);
  try {
    await watcher.ready;
  } catch (error) {
    leave();
    throw error;
  }
  changes.happen();
  return { next: () => changes.next(), [Symbol.dispose]: leave };
}

/** Those who look at this moment, by what they look at. */
const watchers = new Map<string, Watcher>();

/** A child that looks, for all who want to know; it goes with the last of them. */
class Watcher {
  /** Resolves when it looks. */
  readonly ready: Promise<void>;
  readonly #all = new Set<Changes>();
  readonly #child: ChildProcess;
  readonly #over: () => void;

  constructor(helper: string, words: readonly string[], directory: string, over: () => void) {
    this.#over = over;
    // The fourth descriptor is for the error record.
    this.#child = spawn(helper, words, { stdio: ['pipe', 'pipe', 'ignore', 'pipe'] });
    const first = new Changes();
    this.#all.add(first);
    this.ready = first.next().finally(() => this.#all.delete(first));
    this.#child.stdout?.on('data', () => {
      for (const one of this.#all) one.happen();
    });
    void verbEnd(this.#child).then(({ error, record }) => {
      over();
      for (const one of this.#all) one.fail(failureOf(directory, error, record));
    });
  }

  /** Tells one more of what happens, until it calls what is returned. */
  join(changes: Changes): () => void {
    this.#all.add(changes);
    return () => {
      if (!this.#all.delete(changes) || this.#all.size > 0) return;
      this.#over();
      this.#child.kill();
    };
  }
}

/** What has happened since the last look. */
class Changes {
  #happened = false;
  #failure: Error | undefined;
  #waiting: PromiseWithResolvers<void> | undefined;

  happen(): void {
    this.#happened = this.#waiting === undefined;
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  fail(error: Error): void {
    this.#failure = error;
    this.#waiting?.reject(error);
  }

  async next(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#happened) {
      this.#happened = false;
      return;
    }
    this.#waiting = Promise.withResolvers<void>();
    await this.#waiting.promise;
  }
}

function failureOf(directory: string, cause: Error | undefined, record: string): Error {
  const [, errno, detail] = record.split('\0');
  if (errno === ENOENT) return new DirectoryMissing(directory);
  const why = cause?.message ?? (detail === undefined ? 'it ended' : `error ${errno} at ${detail}`);
  return new Error(`the helper does not watch ${directory}: ${why}`, { cause });
}

/** As the helper writes it. */
const ENOENT = '2';
