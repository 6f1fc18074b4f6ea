/**
 * The `config.json` of a bundle (OCI runtime spec 1.2, config.md and config-linux.md), as far as skiff writes it.
 * Field names and shapes are the specification's, so that another runtime can take the bundle over.
 */
export interface RuntimeSpec {
  ociVersion: string;
  process: ProcessSpec;
  root: RootSpec;
  hostname: string;
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
}

/**
 * `username` is what the user asked for (`app`, `1000:staff`) and is what skiff resolves, inside the container.
 * The numbers are for other runtimes, which read nothing else: a name becomes nobody there, never root.
 */
export interface UserSpec {
  uid: number;
  gid: number;
  umask?: number;
  username?: string;
}

/** `type` as in getrlimit(2). */
export interface RlimitSpec {
  type: 'RLIMIT_NOFILE';
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

export type NamespaceType = 'mount' | 'pid' | 'uts' | 'ipc' | 'network' | 'cgroup';

export interface LinuxSpec {
  namespaces: { type: NamespaceType }[];
  resources: LinuxResources;
  /** Relative to the mount point of each hierarchy, with a leading slash. */
  cgroupsPath: string;
  maskedPaths: string[];
  readonlyPaths: string[];
  devices: DeviceSpec[];
  sysctl: Record<string, string>;
}

/** `fileMode` is a number, as JSON has no octal: 438 is 0666. */
export interface DeviceSpec {
  path: string;
  type: 'c' | 'b';
  major: number;
  minor: number;
  fileMode: number;
}

/** What is absent is not limited. Bytes, microseconds and numbers of tasks. */
export interface LinuxResources {
  memory?: { limit?: number; swap?: number };
  cpu?: { quota?: number; period?: number };
  pids?: { limit: number };
}
