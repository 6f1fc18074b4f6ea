import { readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { EngineError } from '../../errors.ts';
import { linkStatusOf, statusOf } from '../../host/named-path.ts';
import { userPath } from '../../host/working-directory.ts';
import { assertsDirectory, type CopySource, type CopyTarget, cleanPath } from './rules.ts';

/** As many as the kernel follows. */
const LINKS_MAX = 40;

export interface HostSource extends CopySource {
  /** Where it lies, without links on the way; one at its end is still to be followed with `follow`. */
  real: string;
  follow: boolean;
}

/** A source on the host. Throws `notFound`, `invalid` for what is no directory although its path says so. */
export function hostSource(text: string, { followLink }: { followLink: boolean }): HostSource {
  const path = cleanPath(userPath(text), process.cwd());
  const follow = followLink || assertsDirectory(path);
  const found = follow ? statusOf(path) : linkStatusOf(path);
  if (found === undefined) throw notFound(text);
  const real = follow ? realpathSync(path) : join(realpathSync(dirname(path)), baseOf(path));
  return { path, isDirectory: found.isDirectory(), real, follow: false };
}

/** A destination on the host, links at its end followed. Throws `invalid` for one that cannot be. */
export function hostTarget(text: string): CopyTarget {
  let path = cleanPath(userPath(text), process.cwd());
  for (let links = 0; links <= LINKS_MAX; links++) {
    requireParent(path);
    const found = linkStatusOf(path);
    if (found === undefined) return { path, is: 'missing' };
    if (found.isDirectory()) return { path, is: 'directory' };
    if (!found.isSymbolicLink()) {
      if (!found.isFile())
        throw invalid(`invalid output path: "${text}" must be a directory or a regular file`, text);
      return { path, is: 'other' };
    }
    path = resolve(dirname(path), readlinkSync(path));
  }
  throw invalid(`too many links on the way to ${text}`, text);
}

function requireParent(path: string): void {
  const parent = dirname(path);
  if (statusOf(parent) === undefined)
    throw invalid(`invalid output path: directory "${parent}" does not exist`, parent);
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function notFound(path: string): EngineError {
  return new EngineError('notFound', `no such file or directory: ${path}`, { subject: path });
}

function invalid(message: string, subject: string): EngineError {
  return new EngineError('invalid', message, { subject });
}
