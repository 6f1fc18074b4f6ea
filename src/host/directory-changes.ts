import { type ChildProcess, spawn } from 'node:child_process';
import { verbEnd } from './verb-end.ts';

/** Changes in a directory, remembered between two looks so that none is missed. */
export interface DirectoryChanges {
  /**
   * Resolves when something has changed since the last call; the first time at once. To the same for all who are told of the
   * same change: what one of them has seen of the directory since then, nobody of them needs to look at again.
   */
  next(): Promise<Change>;
  /** Makes `next` resolve as if something had changed: for an end that comes from elsewhere. */
  wake(): void;
  [Symbol.dispose](): void;
}

/** Something has changed; which of them it was is all that it tells. */
export type Change = Readonly<Record<never, never>>;

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
  changes.happen({});
  return { next: () => changes.next(), wake: () => changes.happen({}), [Symbol.dispose]: leave };
}

/** Those who look at this moment, by what they look at. */
const watchers = new Map<string, Watcher>();

/** A child that looks, for all who want to know; it goes with the last of them. */
class Watcher {
  /** Resolves when it looks. */
  readonly ready: Promise<unknown>;
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
      const change = {};
      for (const one of this.#all) one.happen(change);
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
  #last: Change | undefined;
  #failure: Error | undefined;
  #waiting: PromiseWithResolvers<Change> | undefined;

  happen(change: Change): void {
    this.#last = this.#waiting === undefined ? change : undefined;
    this.#waiting?.resolve(change);
    this.#waiting = undefined;
  }

  fail(error: Error): void {
    this.#failure = error;
    this.#waiting?.reject(error);
  }

  async next(): Promise<Change> {
    if (this.#failure !== undefined) throw this.#failure;
    const last = this.#last;
    this.#last = undefined;
    if (last !== undefined) return last;
    this.#waiting = Promise.withResolvers<Change>();
    return await this.#waiting.promise;
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
