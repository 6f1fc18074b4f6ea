import type { Digest } from '../../oci/digest.ts';
import type { WantedCompression } from '../images/compressed-layer.ts';

/** A cache that a build reads besides its own: of a registry, or an image there; in a directory. */
export type CacheSource =
  | { kind: 'registry'; reference: string; insecure: boolean }
  /** `digest` absent: what was written last. */
  | { kind: 'local'; directory: string; digest?: Digest | undefined };

/** Where a build writes what it has done for others, and how. */
export type CacheTarget = (
  | { kind: 'registry'; reference: string; insecure: boolean }
  | { kind: 'local'; directory: string }
  /** With the image itself. */
  | { kind: 'inline' }
) & {
  /** `min`: what the image's own layers come from; `max`: all that was built for it. */
  mode: 'min' | 'max';
  compression: Omit<WantedCompression, 'all'>;
  /** What goes wrong is a warning. */
  ignoresErrors: boolean;
};

/** How messages and progress call it. */
export function cacheName(cache: CacheSource | CacheTarget): string {
  switch (cache.kind) {
    case 'registry':
      return cache.reference;
    case 'local':
      return cache.directory;
    case 'inline':
      return 'the image';
  }
}
