import { lstatSync, type Stats, statSync } from 'node:fs';
import { EngineError } from '../errors.ts';
import { isMissing } from './missing.ts';

/** What is wrong with a path that leads nowhere, whatever there is (path_resolution(7)). */
const NO_PATH: ReadonlyMap<string | undefined, string> = new Map([
  ['ENOTDIR', 'not a directory'],
  ['ELOOP', 'too many links on the way'],
  ['ENAMETOOLONG', 'too long for a path'],
]);

/**
 * What is at a path of the host that a user has named, links followed; undefined: nothing. Throws `invalid` for what cannot be
 * a path of anything, `unavailable` for what cannot be looked at.
 */
export function statusOf(path: string): Stats | undefined {
  return look(path, () => statSync(path));
}

/** The same of a link itself. One with `/` at its end is not a link any more. */
export function linkStatusOf(path: string): Stats | undefined {
  return look(path, () => lstatSync(path));
}

/** Not by `throwIfNoEntry`: below a file there is nothing for Node, and an error for Bun. */
function look(path: string, body: () => Stats): Stats | undefined {
  try {
    return body();
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = NO_PATH.get(code);
    if (why !== undefined) throw new EngineError('invalid', `${why}: ${path}`, { subject: path, cause });
    throw new EngineError('unavailable', `cannot look at ${path}: ${message}`, { subject: path, cause });
  }
}
