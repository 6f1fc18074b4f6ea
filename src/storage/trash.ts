import { mkdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EngineError } from '../errors.ts';
import { namesIn, unlessMissing } from '../host/missing.ts';
import { randomHex } from '../host/random.ts';
import { runProgram } from '../host/run-program.ts';

/**
 * Deletes a directory tree with the helper, which follows no link and copes with any depth and any names. A missing
 * one is fine. Throws `unavailable` with the helper's words.
 */
export async function removeTree(helper: string, path: string): Promise<void> {
  const { code, stderr } = await runProgram(helper, ['remove', path]);
  if (code !== 0) {
    throw new EngineError('unavailable', `cannot delete ${path}: ${stderr}`, { subject: path });
  }
}

/** The place for what is deleted: gone from its path in one step, taken apart afterwards by whoever has time. */
export class Trash {
  readonly #directory: string;
  readonly #helper: string;

  constructor(directory: string, helper: string) {
    this.#directory = directory;
    this.#helper = helper;
  }

  /** Renames a path (of the same file system) into the trash; returns its new path, undefined when it is not there. */
  take(path: string): string | undefined {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const target = join(this.#directory, `${basename(path)}.${randomHex(6)}`);
    return unlessMissing(() => {
      renameSync(path, target);
      return target;
    });
  }

  /** Deletes all that lies in the trash, also what another process has put there. Two at once are fine. */
  async empty(): Promise<void> {
    for (const name of namesIn(this.#directory)) await removeTree(this.#helper, join(this.#directory, name));
  }
}
