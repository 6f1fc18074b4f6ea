import { basename } from 'node:path';
import { statusOf } from '../../host/named-path.ts';
import type { MountOptions } from '../options/mounts.ts';

/**
 * Whole sentences about sources that are missing and are called like a file: what is made of them is a directory, and few
 * want that.
 */
export function sourceRemarks(mounts: readonly MountOptions[]): string[] {
  return mounts.flatMap((mount) => {
    if (mount.type !== 'bind' || mount.createSource !== true || !isFileName(basename(mount.source)))
      return [];
    if (statusOf(mount.source) !== undefined) return [];
    return [`${mount.source} was not there: it is made a directory, although it is called like a file`];
  });
}

/** `config.yml`, not `.config`, `release-1.2` or `conf.d`. */
function isFileName(name: string): boolean {
  return /[^.]\.[a-z][a-z0-9]{0,7}$/i.test(name) && !name.endsWith('.d');
}
