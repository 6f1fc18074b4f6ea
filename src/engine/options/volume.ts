import type { VolumeDefinition } from '../../volume/definition.ts';

/** What a face asks for when it makes a volume. */
export interface CreateVolumeOptions {
  /** Absent: one is made up, and the volume is anonymous. */
  name?: string | undefined;
  /** Absent: `local`. */
  driver?: string | undefined;
  /** Of the driver: `type`, `device`, `o` of `local`. */
  options?: Record<string, string> | undefined;
  labels?: Record<string, string> | undefined;
}

/** A volume as lists and `inspect` show it. */
export interface VolumeInfo extends Omit<VolumeDefinition, 'anonymous'> {
  /** The directory on this host; with options of the driver it is empty, and something else is mounted. */
  mountPoint: string;
  anonymous: boolean;
  /** The containers that use it, running or not. */
  users: { id: string; name: string }[];
}

/** Filters of `volume ls`; several values of one filter: any of them, but all labels. */
export interface VolumeFilters {
  driver?: string[] | undefined;
  name?: string[] | undefined;
  /** `KEY` or `KEY=VALUE`. */
  label?: string[] | undefined;
  /** No container uses it. */
  dangling?: boolean | undefined;
}

/** What a prune has removed. */
export interface PrunedVolumes {
  /** Names. */
  deleted: string[];
  /** Bytes in their files. */
  reclaimed: number;
}
