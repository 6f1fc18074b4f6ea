/**
 * Everything that the runtime is told about one container, grouped by concern. Faces and the engine fill it in;
 * nothing below changes it. Paths are absolute paths of the host unless said otherwise.
 */
export interface ContainerOptions {
  identity: IdentityOptions;
  process: ProcessOptions;
  rootfs: RootfsOptions;
  files: FileOptions;
  namespaces: NamespaceOptions;
  security: SecurityOptions;
  devices: DeviceOptions;
  resources: ResourceOptions;
  stdio: StdioOptions;
  stop: StopOptions;
  supervision?: SupervisionOptions | undefined;
  /** For `config.json`: nothing that skiff itself reads. */
  annotations?: Readonly<Record<string, string>> | undefined;
}

export interface IdentityOptions {
  /** 64 hex digits. */
  id: string;
  /** RUN/ID: holds the plan, the monitor's state and its socket. */
  runDir: string;
  /** containers/ID below the state root: config.json, log, exit record. */
  containerDir: string;
  /** `--rm`: when the container ends its files go, and a mark says that its row may go too. */
  autoRemove: false | { goneMark: string; trash: string };
}

export interface ProcessOptions {
  /** Entrypoint and command, never empty. */
  argv: string[];
  /** `KEY=VALUE` each, of the image and of the user; later entries win. */
  env: string[];
  /** Inside the container; made when missing. */
  cwd: string;
  /** `uid[:gid]` or names, as Docker reads them; empty: root. */
  user: string;
  /** Supplementary groups: names or numbers of the container's. */
  groups: string[];
  umask?: number | undefined;
  /** PID 1 is the helper (`--init`). */
  reaper: boolean;
  oomScoreAdj?: number | undefined;
  rlimits: RlimitOption[];
}

/** `name` as `ulimit` of the command line has it (`nofile`); -1 is unlimited. */
export interface RlimitOption {
  name: string;
  soft: number;
  hard: number;
}

export interface RootfsOptions {
  /** Unpacked layers, topmost first; with shifted owners already where the kernel cannot show them through id maps. */
  lowers: string[];
  upper: string;
  work: string;
  /** Where the overlay is mounted, inside the container's mount namespace only. */
  mountPoint: string;
  readOnly: boolean;
  /** With a user namespace: the kernel shows layers and upper directory through its id maps. */
  idMapped: boolean;
}

/** The files of the engine that replace those of the image in /etc, and what is mounted besides. */
export interface FileOptions {
  hostname: string;
  hosts: string;
  resolvConf: string;
  /** Shown as /etc/localtime. */
  localtime?: string | undefined;
  /** `options` are words of mount(8) and of tmpfs. */
  tmpfs: { path: string; options: string[] }[];
  /** Bytes of /dev/shm. */
  shmSize?: number | undefined;
}

/** A living process whose namespace is shared; the start time is field 22 of /proc/PID/stat. */
export interface JoinedProcess {
  pid: number;
  startTime: number;
}

/** Each namespace is new, the host's, or that of a process. */
export type NamespaceChoice = 'new' | 'host' | JoinedProcess;

export interface NamespaceOptions {
  hostname: string;
  domainname?: string | undefined;
  network: NamespaceChoice;
  pid: NamespaceChoice;
  ipc: NamespaceChoice;
  /** /dev/shm: one of its own, none at all, the host's, or the one of the process whose ipc namespace is joined. */
  shm: 'own' | 'none' | 'host' | 'joined';
  uts: NamespaceChoice;
  cgroup: NamespaceChoice;
  /** `host`: no user namespace. */
  user: 'host' | JoinedProcess | IdMaps;
  /** Seconds; absent: the host's time namespace. */
  timeOffsets?: { monotonic?: number | undefined; boottime?: number | undefined } | undefined;
}

export interface IdMaps {
  uids: IdRange[];
  gids: IdRange[];
}

/** `count` ids, from `inside` in the container and from `outside` on the host. */
export interface IdRange {
  inside: number;
  outside: number;
  count: number;
}

export interface SecurityOptions {
  privileged: boolean;
  /** With or without `CAP_`, any case, or `ALL`. */
  capAdd: string[];
  capDrop: string[];
  noNewPrivileges: boolean;
  /** A profile's name or `unconfined`; absent: `docker-default` where the host has loaded it. */
  apparmor?: string | undefined;
  /** As `--security-opt label=`. */
  label: string[];
  unmaskedPaths: boolean;
  writableCgroups: boolean;
  sysctls: Record<string, string>;
}

export interface DeviceOptions {
  /** Device nodes or directories of the host, each with its path in the container and its access (`rwm`). */
  devices: { host: string; container: string; access: string }[];
  /** `c 1:3 rwm`. */
  cgroupRules: string[];
}

/** What is absent is not limited. Units as in Docker's command line and API. */
export interface ResourceOptions {
  /** Bytes. */
  memory?: number | undefined;
  /** Bytes. */
  memoryReservation?: number | undefined;
  /** Bytes of memory and swap together; -1 is unlimited. */
  memorySwap?: number | undefined;
  /** 0 to 100; v1 only. */
  memorySwappiness?: number | undefined;
  oomKillDisable?: boolean | undefined;
  /** Billionths of a CPU: `--cpus 0.5` is 500,000,000. */
  nanoCpus?: number | undefined;
  cpuShares?: number | undefined;
  /** Microseconds. */
  cpuQuota?: number | undefined;
  /** Microseconds. */
  cpuPeriod?: number | undefined;
  cpusetCpus?: string | undefined;
  cpusetMems?: string | undefined;
  /** Processes and threads; 0 and less: no limit. */
  pidsLimit?: number | undefined;
  /** 10 to 1000. */
  blkioWeight?: number | undefined;
  blkioWeightDevices?: DeviceAmount[] | undefined;
  /** Bytes per second. */
  readBps?: DeviceAmount[] | undefined;
  writeBps?: DeviceAmount[] | undefined;
  /** Operations per second. */
  readIops?: DeviceAmount[] | undefined;
  writeIops?: DeviceAmount[] | undefined;
  /** A directory of the cgroup hierarchies, `/team/a`. */
  cgroupParent?: string | undefined;
}

/** `path` is a block device of the host. */
export interface DeviceAmount {
  path: string;
  amount: number;
}

export interface StdioOptions {
  /** `-i`: standard input is relayed from the client; otherwise it is /dev/null. */
  stdin: boolean;
  terminal: boolean;
  /** Absent: no log. */
  log?: LogSettings | undefined;
}

export interface LogSettings {
  driver: 'json-file' | 'local' | 'journald' | 'syslog';
  /** A file, or for `syslog` the address of the server. */
  path: string;
  /** 0: no limit. */
  maxBytes: number;
  maxFiles: number;
  /** argv of the command that compresses a rotated file, whose path is appended; absent: they stay as they are. */
  compress?: readonly string[] | undefined;
  /** What drivers add to each line. */
  attributes: Readonly<Record<string, string>>;
}

/** What the monitor does besides relaying and logging. Times in ms. */
export interface SupervisionOptions {
  restart?: { policy: 'always' | 'unless-stopped' | 'on-failure'; maximum: number } | undefined;
  runTimeoutMs?: number | undefined;
  health?: HealthSettings | undefined;
  /** The journal of events, and this container's attributes as JSON members. */
  events?: { path: string; attributes: string } | undefined;
}

export interface HealthSettings {
  argv: readonly string[];
  intervalMs: number;
  timeoutMs: number;
  startPeriodMs: number;
  startIntervalMs: number;
  retries: number;
  onFailure: 'none' | 'kill' | 'restart' | 'stop';
}

export interface StopOptions {
  /** The number of the signal that asks the container to end. */
  signal: number;
  /** How long it may take before SIGKILL, in ms; negative: never. */
  timeoutMs: number;
}
