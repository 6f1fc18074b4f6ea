import { posix } from 'node:path';
import { EngineError } from '../../errors.ts';
import { type Looked, lookAt } from '../../storage/archive/look.ts';
import type { ContainerRoot } from './root.ts';
import { assertsDirectory, type CopySource, type CopyTarget, cleanPath } from './rules.ts';

/** As many as the kernel follows. */
export const LINKS_MAX = 40;

/** A path in a container, for its messages as the user wrote it. */
export interface ContainerPath {
  /** As the user named it. */
  container: string;
  path: string;
}

export interface ContainerSource extends CopySource {
  follow: boolean;
}

/** A source in a container. Throws `notFound`, `invalid` for what is no directory although its path says so. */
export async function containerSource(
  helper: string,
  { root }: ContainerRoot,
  asked: ContainerPath,
  { followLink }: { followLink: boolean },
): Promise<ContainerSource> {
  const path = pathIn(asked);
  const follow = followLink || assertsDirectory(path);
  const looked = await lookAt(helper, { root, path: posix.normalize(path).replace(/(?<=.)\/$/, '') });
  const mode = follow ? looked?.end : looked?.mode;
  if (mode === undefined) throw notFound(asked);
  if (assertsDirectory(path) && !isDirectory(mode))
    throw invalid(`not a directory: ${asked.container}:${asked.path}`, asked.path);
  return { path, isDirectory: isDirectory(mode), follow };
}

/** A destination in a container, links at its end followed. Throws `invalid` for one that cannot be. */
export async function containerTarget(
  helper: string,
  { root }: ContainerRoot,
  asked: ContainerPath,
): Promise<CopyTarget> {
  let path = pathIn(asked);
  for (let links = 0; links <= LINKS_MAX; links++) {
    const looked = await lookAt(helper, { root, path: withoutSlash(path) });
    if (looked === undefined) return { path, is: 'missing' };
    if (looked.end !== undefined && isDirectory(looked.end)) return { path, is: 'directory' };
    if (!isLink(looked)) {
      if (!isFile(looked.mode)) {
        const what = `destination "${asked.container}:${asked.path}" must be a directory or a regular file`;
        throw invalid(what, asked.path);
      }
      return { path, is: 'other' };
    }
    path = posix.resolve(posix.dirname(withoutSlash(path)), looked.target);
  }
  throw invalid(`too many links on the way to ${asked.container}:${asked.path}`, asked.path);
}

/** An existing directory of a container, for an archive to be unpacked in. Throws `notFound`, `invalid` for what is none. */
export async function containerDirectory(
  helper: string,
  root: ContainerRoot,
  asked: ContainerPath,
): Promise<string> {
  const target = await containerTarget(helper, root, asked);
  if (target.is === 'directory') return withoutSlash(target.path);
  const kind = target.is === 'missing' ? 'notFound' : 'invalid';
  const what = `destination "${asked.container}:${asked.path}" must be a directory`;
  throw new EngineError(kind, what, { subject: asked.path });
}

/** Paths in a container begin at its root. */
export function pathIn({ container, path }: ContainerPath): string {
  if (path === '') throw invalid(`no path is given after "${container}:"`, container);
  return cleanPath(path, '/');
}

function withoutSlash(path: string): string {
  return path.replace(/(?<=.)\/\.?$/, '');
}

const TYPE = 0o170_000;

export function isDirectory(mode: number): boolean {
  return (mode & TYPE) === 0o040_000;
}

function isFile(mode: number): boolean {
  return (mode & TYPE) === 0o100_000;
}

export function isLink({ mode }: Looked): boolean {
  return (mode & TYPE) === 0o120_000;
}

export function notFound({ container, path }: ContainerPath): EngineError {
  return new EngineError('notFound', `no such file or directory: ${container}:${path}`, {
    subject: path,
    failure: 'noSuchPath',
    object: container,
  });
}

function invalid(message: string, subject: string): EngineError {
  return new EngineError('invalid', message, { subject });
}
