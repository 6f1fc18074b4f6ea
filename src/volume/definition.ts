/** A volume: a directory that outlives containers, or what its options say is mounted in its place. */
export interface VolumeDefinition {
  name: string;
  /** There is one: directories of this host. */
  driver: 'local';
  /** Of the driver, as the user gave them: `type`, `device`, `o`. */
  options: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  /** Nobody has named it: it goes with the container that it was made for. */
  anonymous: boolean;
  /** ms since the epoch. */
  createdAt: number;
}

/** The label by which Docker tells that nobody has named a volume. */
export const ANONYMOUS_LABEL = 'com.docker.volume.anonymous';
