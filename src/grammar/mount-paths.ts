import { posix, resolve } from 'node:path';
import { userPath } from '../host/working-directory.ts';

/** Without `.`, `..` and needless slashes, absolute or not as it was. */
export function cleanPath(path: string): string {
  return posix.normalize(path).replace(/(.)\/$/, '$1');
}

/** Whether a source is `.`, `..`, `./x` or `../x`: relative to the working directory. */
export function isRelative(source: string): boolean {
  return /^\.\.?(\/|$)/.test(source);
}

/** The absolute path of a source that is relative. Throws as `userPath`. */
export function absoluteSource(source: string): string {
  return resolve(userPath(source));
}
