import { isAbsolute, join, resolve } from 'node:path';
import { digestOf, hexOf } from '../oci/digest.ts';

/** Where everything of one store lies (src/ARCHITECTURE.md, "On disk"). All paths are absolute. */
export interface StorePaths {
  readonly root: string;
  readonly database: string;
  readonly blobs: string;
  readonly layers: string;
  readonly containers: string;
  readonly locks: string;
  readonly tmp: string;
  readonly trash: string;
  readonly helper: string;
  /** The runtime root on a tmpfs: a directory for each running container. */
  readonly run: string;
  /** Marks of `--rm` containers that are gone. */
  readonly gone: string;
}

export const DEFAULT_ROOT = '/var/lib/skiff';
const DEFAULT_RUN = '/run/skiff';

/** The paths of the store at `root`; a store that is not the default one has a runtime root of its own. */
export function storePaths(root: string): StorePaths {
  const base = isAbsolute(root) ? resolve(root) : resolve(process.cwd(), root);
  const run = base === DEFAULT_ROOT ? DEFAULT_RUN : `${DEFAULT_RUN}-${hexOf(digestOf(base)).slice(0, 8)}`;
  return {
    root: base,
    database: join(base, 'state.db'),
    blobs: join(base, 'blobs', 'sha256'),
    layers: join(base, 'layers'),
    containers: join(base, 'containers'),
    locks: join(base, 'locks'),
    tmp: join(base, 'tmp'),
    trash: join(base, 'trash'),
    helper: join(base, 'helper'),
    run,
    gone: join(run, 'gone'),
  };
}
