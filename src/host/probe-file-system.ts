import { dirname } from 'node:path';
import type { Looks } from './probe.ts';

/** The file system that a path is on, or will be. */
export interface FileSystemFacts {
  mountPoint: string;
  type: string;
  options: readonly string[];
  free: number;
  total: number;
}

/**
 * Finds the file system of a path by proc_pid_mountinfo(5): the longest mount point above the path, of several on one
 * point the last.
 */
export function probeFileSystem(looks: Looks, path: string): FileSystemFacts | undefined {
  let found: Omit<FileSystemFacts, 'free' | 'total'> | undefined;
  for (const line of (looks.read('/proc/self/mountinfo') ?? '').split('\n')) {
    const [front = '', back = ''] = line.split(' - ');
    const [, , , , mountPoint = '', options = ''] = front.split(' ');
    if (!isAbove(mountPoint, path) || mountPoint.length < (found?.mountPoint.length ?? 0)) continue;
    const [type = '', , superOptions = ''] = back.split(' ');
    found = { mountPoint, type, options: [...options.split(','), ...superOptions.split(',')] };
  }
  if (found === undefined) return undefined;
  return { ...found, ...spaceAt(looks, path) };
}

function isAbove(mountPoint: string, path: string): boolean {
  return (
    mountPoint === '/' || path === mountPoint || (mountPoint !== '' && path.startsWith(`${mountPoint}/`))
  );
}

/** Returns the space, in bytes, of the file system that holds `path`, or the nearest directory above it that exists. */
function spaceAt(looks: Looks, path: string): { free: number; total: number } {
  const space = looks.space(path);
  if (space !== undefined) return space;
  return path === '/' ? { free: 0, total: 0 } : spaceAt(looks, dirname(path));
}
