import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn, unlessMissing } from './missing.ts';
import { isAlive, ownIdentity } from './process.ts';
import { randomHex } from './random.ts';

const NAME = /^(\d+)-(\d+)-[0-9a-f]+$/;

/**
 * A directory `<tmp>/<pid>-<starttime>-<random>/` of this process, made when something is first put into it. Its name
 * says whose it is, so that any later command can tell what a process that was killed has left behind.
 */
export class TemporaryDirectory {
  readonly #parent: string;
  #path: string | undefined;

  constructor(parent: string) {
    this.#parent = parent;
  }

  /** The directory, made (mode 0700) on the first call. */
  path(): string {
    if (this.#path === undefined) {
      const { pid, startTime } = ownIdentity();
      const name = `${pid}-${startTime}-${randomHex(4)}`;
      const path = join(this.#parent, name);
      mkdirSync(path, { recursive: true, mode: 0o700 });
      this.#path = path;
    }
    return this.#path;
  }

  /** The directory if it was made; its maker renames it into trash/ when done. */
  made(): string | undefined {
    return this.#path;
  }
}

/** The names in `tmp` that belong to no living process. */
export function abandonedTemporary(tmp: string): string[] {
  return namesIn(tmp).filter((name) => !hasLivingOwner(name));
}

/** The names in `tmp` that belong to a process which is at work, but for this one. */
export function livingTemporary(tmp: string): string[] {
  return namesIn(tmp).filter((name) => hasLivingOwner(name) && !name.startsWith(`${process.pid}-`));
}

function hasLivingOwner(name: string): boolean {
  const [, pid, startTime] = NAME.exec(name) ?? [];
  return pid !== undefined && isAlive({ pid: Number(pid), startTime: Number(startTime) });
}

/**
 * Renames the temporary directories of dead processes, and whatever else lies in `tmp`, into `trash`; returns the new
 * paths, for the caller to delete. Directories that another process takes at the same moment are skipped.
 */
export function sweepTemporary(tmp: string, trash: string): string[] {
  const swept: string[] = [];
  for (const name of abandonedTemporary(tmp)) {
    const target = join(trash, `${name}.${randomHex(4)}`);
    unlessMissing(() => {
      mkdirSync(trash, { recursive: true, mode: 0o700 });
      renameSync(join(tmp, name), target);
      swept.push(target);
    });
  }
  return swept;
}
