import { posix } from 'node:path';
import { EngineError } from '../../errors.ts';

/** What is copied: its path as it was given, made absolute. */
export interface CopySource {
  path: string;
  /** What is copied is a directory: of a link that is followed, what it leads to. */
  isDirectory: boolean;
}

/** Where it is copied to: the path, links at its end followed, made absolute. */
export interface CopyTarget {
  path: string;
  is: 'directory' | 'other' | 'missing';
}

/** The directory in which it is made, and the name that it gets there; `.`: the directory itself is filled. */
export interface CopyPlace {
  directory: string;
  name: string;
}

/**
 * Docker's rules of where something is copied to (docker container cp, "SRC_PATH" and "DEST_PATH"): a directory that
 * is there gets it under its own name, or, for `SRC/.`, what is in it; what is not there becomes it, if its parent is
 * there; and a file only takes the place of a file. Throws `invalid` when that cannot be.
 */
export function placeOf(source: CopySource, target: CopyTarget): CopyPlace {
  if (target.is === 'directory') return { directory: target.path, name: ownName(source.path) };
  if (target.is === 'other' && source.isDirectory)
    throw refused(
      `cannot copy directory ${source.path} to ${target.path}: that is no directory`,
      target.path,
    );
  if (!source.isDirectory && assertsDirectory(target.path)) {
    throw refused(
      `no such directory: ${target.path}`,
      target.path,
      'make it first, or name the file that it becomes',
    );
  }
  return splitPath(target.path);
}

/** The name that something keeps in a directory: `.` when it is the content that is meant, as with `SRC/.` and `/`. */
export function ownName(path: string): string {
  if (meansContent(path)) return '.';
  return posix.basename(posix.normalize(path)) || '.';
}

/** Whether a path can only be a directory's: it ends in `/` or `/.`. */
export function assertsDirectory(path: string): boolean {
  return path.endsWith('/') || meansContent(path);
}

/**
 * A path made absolute and clean, as Docker does before it looks: `..` takes away the part before it, links are not
 * looked at; a `/` or `/.` at its end keeps its meaning.
 */
export function cleanPath(path: string, directory: string): string {
  const clean = posix.resolve(directory, path);
  if (meansContent(path)) return clean === '/' ? '/.' : `${clean}/.`;
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean;
}

function splitPath(path: string): CopyPlace {
  const clean = posix.normalize(path).replace(/\/$/, '');
  return { directory: posix.dirname(clean), name: posix.basename(clean) };
}

function meansContent(path: string): boolean {
  return path === '.' || path.endsWith('/.');
}

function refused(message: string, subject: string, hint?: string): EngineError {
  return new EngineError('invalid', message, { subject, hint });
}
