import { spawn } from 'node:child_process';
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
 * (`await-changes`), as Bun tells nothing of a change that follows another one of the same file within milliseconds.
 * Throws `DirectoryMissing`.
 */
export async function watchDirectory(
  helper: string,
  directory: string,
  name?: string,
): Promise<DirectoryChanges> {
  const words = ['await-changes', directory, ...(name === undefined ? [] : [name])];
  // The fourth descriptor is for the error record.
  const child = spawn(helper, words, { stdio: ['pipe', 'pipe', 'ignore', 'pipe'] });
  const changes = new Changes();
  child.stdout?.on('data', () => changes.happen());
  void verbEnd(child).then(({ error, record }) => changes.fail(failureOf(directory, error, record)));
  await changes.next();
  changes.happen();
  return { next: () => changes.next(), [Symbol.dispose]: () => void child.kill() };
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
