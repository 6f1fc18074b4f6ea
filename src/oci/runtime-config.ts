/**
 * The `config.json` of a bundle (OCI runtime spec 1.2, config.md and config-linux.md), as far as skiff writes it.
 * Field names and shapes are the specification's, so that another runtime can take the bundle over.
 */
export interface RuntimeSpec {
  ociVersion: string;
  process: ProcessSpec;
  root: RootSpec;
  /** Absent: the name of the uts namespace that is shared. */
  hostname?: string;
  domainname?: string;
  mounts: MountSpec[];
  linux: LinuxSpec;
  annotations?: Record<string, string>;
}

export interface ProcessSpec {
  args: string[];
  /** `KEY=VALUE` each. */
  env: string[];
  cwd: string;
  user: UserSpec;
  capabilities: CapabilitySets;
  rlimits: RlimitSpec[];
  noNewPrivileges: boolean;
  oomScoreAdj?: number;
  apparmorProfile?: string;
  selinuxLabel?: string;
}

/**
 * `username` is what the user asked for (`app`, `1000:staff`) and is what skiff resolves, inside the container.
 * The numbers are for other runtimes, which read nothing else: a name becomes nobody there, never root.
 */
export interface UserSpec {
  uid: number;
  gid: number;
  umask?: number;
  /** The additional groups that are numbers; names are known only inside the container. */
  additionalGids?: number[];
  username?: string;
}

/** `type` as in getrlimit(2): `RLIMIT_NOFILE`. */
export interface RlimitSpec {
  type: string;
  soft: number;
  hard: number;
}

/** Names as in capabilities(7): `CAP_CHOWN`. */
export interface CapabilitySets {
  bounding: string[];
  permitted: string[];
  effective: string[];
  inheritable?: string[];
  ambient?: string[];
}

export interface RootSpec {
  path: string;
  readonly: boolean;
}

/** `options` are those of mount(8); what is not a known flag is data of the file system. */
export interface MountSpec {
  destination: string;
  type: string;
  source: string;
  options: string[];
}

export type NamespaceType = 'mount' | 'pid' | 'uts' | 'ipc' | 'network' | 'cgroup' | 'user' | 'time';

/**
 * A namespace: without a path it is new; with one (`/proc/PID/ns/net`) it is joined; one that is not listed is the
 * host's.
 */
export interface NamespaceSpec {
  type: NamespaceType;
  path?: string;
}

export interface LinuxSpec {
  namespaces: NamespaceSpec[];
  uidMappings?: IdMappingSpec[];
  gidMappings?: IdMappingSpec[];
  timeOffsets?: { monotonic?: TimeOffsetSpec; boottime?: TimeOffsetSpec };
  resources: LinuxResources;
  /** Relative to the mount point of each hierarchy, with a leading slash. */
  cgroupsPath: string;
  maskedPaths: string[];
  readonlyPaths: string[];
  devices: DeviceSpec[];
  sysctl: Record<string, string>;
}

export interface IdMappingSpec {
  containerID: number;
  hostID: number;
  size: number;
}

export interface TimeOffsetSpec {
  secs: number;
  nanosecs: number;
}

/** `fileMode` is a number, as JSON has no octal: 438 is 0666. */
export interface DeviceSpec {
  path: string;
  type: 'c' | 'b';
  major: number;
  minor: number;
  fileMode: number;
  uid?: number;
  gid?: number;
}

/**
 * The limits of a container (config-linux.md, "Control groups"); a member that is absent is not limited. Bytes,
 * microseconds and numbers of tasks.
 */
export interface LinuxResources {
  /** The rules of devices in order, the last one that fits wins; absent: nothing is denied. */
  devices?: DeviceRuleSpec[];
  memory?: MemorySpec;
  cpu?: CpuSpec;
  pids?: { limit: number };
  blockIO?: BlockIOSpec;
}

/** `type` absent: all; `major` or `minor` absent: any. `access` is of `rwm`. */
export interface DeviceRuleSpec {
  allow: boolean;
  type?: 'a' | 'c' | 'b';
  major?: number;
  minor?: number;
  access?: string;
}

/** `swap` is memory and swap together; -1 is unlimited. */
export interface MemorySpec {
  limit?: number;
  reservation?: number;
  swap?: number;
  swappiness?: number;
  disableOOMKiller?: boolean;
}

export interface CpuSpec {
  shares?: number;
  quota?: number;
  period?: number;
  cpus?: string;
  mems?: string;
}

export interface BlockIOSpec {
  weight?: number;
  weightDevice?: { major: number; minor: number; weight: number }[];
  throttleReadBpsDevice?: ThrottleSpec[];
  throttleWriteBpsDevice?: ThrottleSpec[];
  throttleReadIOPSDevice?: ThrottleSpec[];
  throttleWriteIOPSDevice?: ThrottleSpec[];
}

export interface ThrottleSpec {
  major: number;
  minor: number;
  rate: number;
}
