import type { Digest } from '../../oci/digest.ts';
import type { MemoryFiles, RuntimeMount } from '../../runtime/options.ts';
import type { ContainerPaths } from '../store/container-paths.ts';

/** One mount of a step that is about to run. */
export interface HeldMount {
  /** `own` are the places of the step's container; the index tells several of one step apart. */
  mounts: (own: ContainerPaths, index: number) => RuntimeMount[];
  environment?: readonly string[] | undefined;
  /** What it really shows, when that is a copy of files which somebody may change. */
  content?: Digest | undefined;
  /** A file in memory, called by the mount's index. */
  file?: Omit<MemoryFiles['files'][number], 'name'> | undefined;
  release?: (() => Promise<void>) | undefined;
}
