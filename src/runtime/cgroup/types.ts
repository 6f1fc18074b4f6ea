import type { BlockIOSpec, CpuSpec, MemorySpec } from '../../oci/runtime-config.ts';
import type { Limit } from './refusals.ts';

/** How the tree of cgroups is looked at; only where a limit or a parent asks for it. */
export interface CgroupFiles {
  /** Reads a file whole; undefined when it is missing or unreadable. */
  read: (file: string) => string | undefined;
  exists: (file: string) => boolean;
}

/** The place where a limit is written: the container's directory, and the root of that hierarchy. */
export interface Place {
  version: 'v1' | 'v2';
  path: string;
  root: string;
}

/** A group of limits of one controller, with the one that errors name. */
export type AskedLimits =
  | { controller: 'memory'; limit: Limit; memory: MemorySpec }
  | { controller: 'cpu' | 'cpuset'; limit: Limit; cpu: CpuSpec }
  | { controller: 'pids'; limit: Limit; pids: { limit: number } }
  | { controller: 'blkio'; limit: Limit; blockIO: BlockIOSpec };
