import { posix } from 'node:path';
import { type Looked, lookAt } from '../../storage/archive/look.ts';
import { type ContainerPath, containerSource, isLink, LINKS_MAX, notFound } from './container-path.ts';
import type { ContainerRoot } from './root.ts';

/** What lies at a path in a container. */
export interface FoundPath {
  /** Its own name; `/` for the root, `.` where the content of a directory is meant. */
  name: string;
  /** Bytes. */
  size: number;
  /** With its type (stat(2)). */
  mode: number;
  /** Seconds since the epoch; nine digits after the point. */
  mtime: string;
  /** Where a link leads in the end, an absolute path in the container; empty for what is no link. */
  target: string;
}

/** Looks at a path, of which a link at the end counts itself unless the path says that it is a directory. Throws as `containerSource`. */
export async function lookAtPath(
  helper: string,
  tree: ContainerRoot,
  asked: ContainerPath,
): Promise<FoundPath> {
  const { path, follow } = await containerSource(helper, tree, asked, { followLink: false });
  const name = path.endsWith('/.') ? '.' : posix.basename(path) || '/';
  let at = path.replace(/(?<=.)\/\.?$/, '');
  let looked = await lookAt(helper, { root: tree.root, path: at });
  const first = looked;
  for (let links = 0; links < LINKS_MAX && looked !== undefined && isLink(looked); links++) {
    at = posix.resolve(posix.dirname(at), looked.target);
    looked = await lookAt(helper, { root: tree.root, path: at });
  }
  const found: Looked | undefined = follow ? looked : first;
  if (found === undefined) throw notFound(asked);
  const { size, mode, mtime } = found;
  return { name, size, mode, mtime, target: isLink(found) ? at : '' };
}
