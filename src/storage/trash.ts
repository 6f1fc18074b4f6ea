import { mkdirSync, renameSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { EngineError } from '../errors.ts';
import { namesIn, unlessMissing } from '../host/missing.ts';
import { randomHex } from '../host/random.ts';

/**
 * Deletes a directory tree with the helper, which follows no link and copes with any depth and any names. A missing
 * one is fine. Throws `unavailable` with the helper's words.
 */
export async function removeTree(helper: string, path: string): Promise<void> {
  // A command that only puts things here runs no program.
  const { runProgram } = await import('../host/run-program.ts');
  const { code, stderr } = await runProgram(helper, ['remove', path]);
  if (code !== 0) {
    throw new EngineError('unavailable', `cannot delete ${path}: ${stderr}`, { subject: path });
  }
}

/**
 * The place for what is deleted: gone from its path in one step, taken apart afterwards by whoever has time. What cannot
 * be taken apart (something is mounted there, the disk is broken) holds up nobody else.
 */
export class Trash {
  readonly #directory: string;
  readonly #helper: string;
  readonly #taken = new Set<string>();

  constructor(directory: string, helper: string) {
    this.#directory = directory;
    this.#helper = helper;
  }

  /**
   * Renames a path (of the same file system) into the trash; returns its new path, undefined when it is not there. Throws
   * `unavailable` for one outside of the store, as a record leads to that is damaged.
   */
  take(path: string): string | undefined {
    this.#requireInside(path);
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const target = join(this.#directory, `${basename(path)}.${randomHex(6)}`);
    return unlessMissing(() => {
      renameSync(path, target);
      this.#taken.add(target);
      return target;
    });
  }

  #requireInside(path: string): void {
    const store = dirname(this.#directory);
    if (normalize(path) === path && path.startsWith(`${store}/`)) return;
    throw new EngineError('unavailable', `${path} does not lie in the store ${store}, and stays`, {
      remedy: 'the record that leads there is damaged: skiff system check',
      subject: path,
    });
  }

  /**
   * Deletes all that lies in the trash, also what others have put there. Two at once are fine. Throws `unavailable` for
   * what was taken here and cannot be deleted; that of others is left to `emptyForAll`.
   */
  async empty(): Promise<void> {
    const failures = await this.#delete();
    const own = failures.find(({ subject }) => this.#taken.has(subject));
    if (own !== undefined) throw own.error;
  }

  /** The same, and throws for whoever's it is that cannot be deleted. */
  async emptyForAll(): Promise<void> {
    const [first] = await this.#delete();
    if (first !== undefined) throw first.error;
  }

  /** Those that failed. */
  async #delete() {
    const failures: { subject: string; error: unknown }[] = [];
    for (const name of namesIn(this.#directory)) {
      const subject = join(this.#directory, name);
      await removeTree(this.#helper, subject).catch((error: unknown) => failures.push({ subject, error }));
    }
    return failures;
  }
}
