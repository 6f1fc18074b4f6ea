import type { ProcessIdentity } from '../host/process.ts';
/**
 * Everything that the runtime is told about one container, grouped by concern. What was asked for is passed whole, as
 * the interfaces called options declare it, and whoever uses a member applies its default; settings are decided, with
 * the image's share in them. Nothing below the engine changes any. Paths are absolute paths of the host unless said
 * otherwise.
 */
export interface ContainerOptions {
  identity: IdentityOptions;
  process: ContainerProcess;
  rootfs: RootfsOptions;
  files: FileOptions;
  /** What is mounted on directories of the host for as long as a container needs it; sources of `mounts`, as a rule. */
  hostMounts?: readonly HostMount[] | undefined;
  /** Files that lie in memory, in a directory that only the container's start sees: sources of `mounts`. */
  memory?: MemoryFiles | undefined;
  /** In any order, targets distinct. */
  mounts?: readonly RuntimeMount[] | undefined;
  etc: EtcFiles;
  namespaces: NamespaceChoices;
  security: SecurityOptions;
  devices: DeviceOptions;
  resources: ResourceOptions;
  /** Absent: no log. */
  log?: LogSettings | undefined;
  stop: StopSettings;
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
  /** The file where the monitor writes how the container ended. */
  exitRecord: string;
  /** `--rm`: when the container ends its files go, and a mark says that its row may go too. */
  autoRemove: false | AutoRemoval;
}

/** How a container goes with its end. */
export interface AutoRemoval {
  goneMark: string;
  trash: string;
  /** argv of the command that removes what goes with it besides; absent: there is nothing. */
  sweep?: readonly string[] | undefined;
}

/** The command, its user and environment, and its streams, as they are asked for. */
export interface ProcessOptions {
  /** Replaces the image's ENTRYPOINT, and drops its CMD; an empty list clears it. */
  entrypoint?: string[] | undefined;
  /** The image's CMD stays, whatever the entrypoint: an empty list of Docker's API. */
  keepsCommand?: boolean | undefined;
  /** Replaces the image's CMD when not empty. */
  command?: string[] | undefined;
  /** `KEY=VALUE`, in addition to the image's. */
  env?: string[] | undefined;
  /** Absolute path inside the container. */
  cwd?: string | undefined;
  /** `name|uid[:group|gid]`, looked up inside the container. */
  user?: string | undefined;
  /**
   * Supplementary groups, names or numbers, looked up inside the container; `keep-groups` alone: those of whoever starts
   * it, as Podman has it.
   */
  groups?: string[] | undefined;
  /** Octal value as a number. */
  umask?: number | undefined;
  /** A name of the host's zoneinfo (`Europe/Berlin`), or `local` for the host's own. */
  timeZone?: string | undefined;
  /** PID 1 is skiff's own: forwards signals and reaps. */
  init?: boolean | undefined;
  /** Podman's: a program of the host that is PID 1 instead; absolute path. */
  initPath?: string | undefined;
  /** -1000 to 1000. */
  oomScoreAdj?: number | undefined;
  rlimits?: RlimitOption[] | undefined;
  /** Keeps stdin open and relays it. */
  stdin?: boolean | undefined;
  /** Whether it ends with that of the client who started it; absent: with that of one who takes part in it. */
  stdinOnce?: boolean | undefined;
  /** The streams are a pseudo terminal. */
  terminal?: boolean | undefined;
  /** The streams that its creator takes part in, for `inspect`: all when absent, none in the background. */
  attach?: ('stdin' | 'stdout' | 'stderr')[] | undefined;
}

/** `name` as `ulimit` of the command line has it (`nofile`); -1 is unlimited. */
export interface RlimitOption {
  name: string;
  soft: number;
  hard: number;
}

/** The command with its environment, directory and user: the image's config with the user's options on top. */
export interface ProcessConfig {
  /** Entrypoint and command, never empty. */
  argv: string[];
  /** `KEY=VALUE` each, of the image and of the user; later entries win. */
  env: string[];
  /** Inside the container; made when missing. */
  cwd: string;
  /** `uid[:gid]` or names, as Docker reads them; empty: root. */
  user: string;
}

/** The options of the process, with those that both the image and the user may give decided. */
export interface ContainerProcess
  extends ProcessConfig,
    Omit<ProcessOptions, 'entrypoint' | 'command' | keyof ProcessConfig> {
  /** More of the environment, which only the plan says, and nothing that is kept on a disk. */
  secretEnv?: readonly string[] | undefined;
}

export interface RootfsOptions {
  /** A directory of the host that is the root itself, without layers and with nothing apart; else absent. */
  directory?: string | undefined;
  /** Unpacked layers, topmost first; with shifted owners already where the kernel cannot show them through id maps. */
  lowers: string[];
  /** The tree of which `upper` is a copy, where there are no overlays; then it has no lowers. */
  copyOf?: string | undefined;
  upper: string;
  work: string;
  /** The directory where the overlay is mounted, inside the container's mount namespace only. */
  mountPoint: string;
  /** Bytes that upper and work may take, together; absent: no limit. */
  size?: number | undefined;
  /** With a user namespace: the kernel shows layers and upper directory, or the directory, through its id maps. */
  idMapped: boolean;
}

/** The files that a container sees besides its image. */
export interface FileOptions {
  /** Mounts the root file system read-only. */
  readOnly?: boolean | undefined;
  /** Podman's: where programs write on the way, such as /tmp, it is in memory although the root is read-only. */
  readOnlyTmpfs?: boolean | undefined;
  /** `options` are words of mount(8) and of tmpfs: `size=64m`, `mode=1777`, `exec`. */
  tmpfs?: { path: string; options: string[] }[] | undefined;
  /** Bytes that what it changes in its root file system may take; absent: what is free on the host's. */
  storageSize?: number | undefined;
  /** Bytes of /dev/shm; absent or 0: Docker's 64 MB. */
  shmSize?: number | undefined;
}

/** What the journal says of a volume when a container gets it, and when it has it no more: JSON members. */
export interface VolumeEvents {
  name: string;
  mounted: string;
  unmounted: string;
}

/** A file system on a directory of the host, shared by the containers that need it. */
export interface HostMount {
  directory: string;
  /** A file by which they know of each other, on a file system that a reboot empties. */
  lock: string;
  type: string;
  device: string;
  /** Words of mount(8) for the mount, and those for the file system. */
  flags: readonly string[];
  data: readonly string[];
}

/** Files of which nothing is written to a disk. */
export interface MemoryFiles {
  /** An empty directory of the host. */
  directory: string;
  files: readonly { name: string; mode: number; uid: number; gid: number; content: Uint8Array }[];
}

/** `destination` is an absolute path in the container, neither the root nor, but for few files, in /proc. */
export type RuntimeMount = RuntimeBind | RuntimeTmpfs | RuntimeOverlay;

/** A file or directory of the host. A destination that is missing becomes what the source is. */
export interface RuntimeBind {
  type: 'bind';
  source: string;
  /** A path that is looked up below the source by the helper, and cannot lead out of it. */
  beneath?: string | undefined;
  destination: string;
  /** `deep`: also what is mounted below the source. */
  readOnly: 'no' | 'top' | 'deep';
  /** With what is mounted below the source. */
  recursive: boolean;
  propagation: 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave';
  /** More words of mount(8): `nodev`, `nosuid`, `noexec`, `noatime` and the like. */
  flags?: readonly string[] | undefined;
  /** The owners on disk are those in the container's user namespace; `if-possible`: where the file system can. */
  idMap?: boolean | 'if-possible' | undefined;
  /** Where the host has SELinux: the source gets labels for all containers, or for this one alone. */
  relabel?: 'shared' | 'private' | undefined;
  /** The source and all in it are given to the user of the container first. */
  chown?: boolean | undefined;
}

/** `options` as those of `FileOptions.tmpfs`. */
export interface RuntimeTmpfs {
  type: 'tmpfs';
  destination: string;
  options: string[];
}

/** Directories on top of each other: an image's files, or the host's with what is written to them apart. */
export interface RuntimeOverlay {
  type: 'overlay';
  /** Topmost first. */
  lowers: readonly string[];
  /** Absent: it is read-only. `upper` and `work` lie in one directory. */
  writes?: { upper: string; work: string } | undefined;
  /** A path that is looked up in it by the helper, and cannot lead out of it. */
  beneath?: string | undefined;
  destination: string;
  readOnly: boolean;
  /** The owners on disk are those in the container's user namespace. */
  idMap?: boolean | undefined;
}

/** The files of the engine that replace those of the image in /etc. */
export interface EtcFiles {
  hostname: string;
  hosts: string;
  resolvConf: string;
  /** The copy of the time zone's file, if one was asked for. */
  localtime: string;
}

/** The container whose namespace is shared: a name or id as the user gave it. */
export interface SharedWith {
  container: string;
}

/**
 * The namespaces that are asked for; one that is absent is `private`. `network` has no default of its own: faces say
 * it.
 */
export interface NamespaceOptions {
  hostname?: string | undefined;
  domainname?: string | undefined;
  network: 'none' | 'host' | 'networks' | SharedWith;
  pid?: 'private' | 'host' | SharedWith | undefined;
  /** `none`: private and without /dev/shm; only `shareable` (or `host`) can be shared by others. */
  ipc?: 'private' | 'shareable' | 'none' | 'host' | SharedWith | undefined;
  uts?: 'private' | 'host' | SharedWith | undefined;
  cgroup?: 'private' | 'host' | SharedWith | undefined;
  /** Absent: `host`, no user namespace. `auto`: a free range of the host's subordinate ids. */
  user?: 'host' | 'auto' | SharedWith | IdMaps | undefined;
  /** A time namespace whose clocks differ from the host's by so many seconds. */
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

/** A living process whose namespace is shared. */
export type JoinedProcess = ProcessIdentity;

/** A namespace is new, the host's, or that of a process. */
export type NamespaceChoice = 'new' | 'host' | JoinedProcess;

/** The namespaces of which a container can have the host's, or those of another one. */
export type ShareableNamespace = 'network' | 'pid' | 'ipc' | 'uts' | 'cgroup' | 'user';

/** The namespaces that were asked for, with the names of containers looked up. */
export interface NamespaceChoices
  extends Omit<NamespaceOptions, 'hostname' | ShareableNamespace>,
    Record<Exclude<ShareableNamespace, 'user'>, NamespaceChoice> {
  hostname: string;
  /** /dev/shm: one of its own, none at all, the host's, or the one of the process whose ipc namespace is joined. */
  shm: 'own' | 'none' | 'host' | 'joined';
  /** `host`: no user namespace. */
  user: 'host' | JoinedProcess | IdMaps;
}

/** The options that decide what a container may do to the kernel. */
export interface SecurityOptions {
  privileged?: boolean | undefined;
  /** With or without `CAP_`, any case, or `ALL`. */
  capAdd?: string[] | undefined;
  capDrop?: string[] | undefined;
  noNewPrivileges?: boolean | undefined;
  /** Absent: `builtin`, and `unconfined` when privileged. A profile is Docker's JSON, `source` the file it came from. */
  seccomp?: 'builtin' | 'unconfined' | { profile: string; source: string } | undefined;
  /** A profile's name or `unconfined`; absent: that of all containers where the host has loaded it. */
  apparmor?: string | undefined;
  /** The words of `--security-opt label=`: `disable`, `user:U`, `role:R`, `type:T`, `level:L`. */
  label?: string[] | undefined;
  /** Whether nothing is masked or read-only below /proc and /sys. */
  unmaskedPaths?: boolean | undefined;
  writableCgroups?: boolean | undefined;
  sysctls?: Record<string, string> | undefined;
}

/** Devices of the host. */
export interface DeviceOptions {
  devices?: DeviceMapping[] | undefined;
  /** `c 1:3 rwm`, as the devices cgroup reads them. */
  cgroupRules?: string[] | undefined;
}

/** A device of the host, or a directory of them. `access` is of `rwm`. */
export interface DeviceMapping {
  host: string;
  container: string;
  access: string;
}

/** The limits of a container; one that is absent does not limit. Units as in Docker's command line and API. */
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

/** Absent: json-file with three files of 10 MB. `options` as `--log-opt` has them. */
export interface LogOptions {
  driver: string;
  options: Record<string, string>;
}

/** The options of a log, parsed, with the defaults of its driver. */
export interface LogSettings {
  driver: 'json-file' | 'local' | 'journald' | 'syslog';
  /** A file, or for `syslog` the address of the server. */
  path: string;
  /** 0: no limit. */
  maxBytes: number;
  maxFiles: number;
  /** argv of the command that compresses a rotated file, whose path is appended; absent: they stay as they are. */
  compress?: readonly string[] | undefined;
  /** The attributes that drivers add to each line. */
  attributes: Readonly<Record<string, string>>;
}

/** The tasks of the monitor besides relaying and logging. Times in ms. */
export interface SupervisionOptions {
  restart?: RestartPolicy | undefined;
  runTimeoutMs?: number | undefined;
  health?: HealthSettings | undefined;
  /** The journal of events, and this container's attributes as JSON members. */
  events?: { path: string; attributes: string; volumes?: readonly VolumeEvents[] | undefined } | undefined;
}

/** Absent: `no`. `maximum` counts for `on-failure`; 0 or absent: no limit. */
export interface RestartPolicy {
  name: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  maximum?: number | undefined;
}

/** The options of a health check; one that is absent is the image's, else Docker's default. Times in ms. */
export interface HealthOptions {
  /** The command as Docker keeps it: `['NONE']`, `['CMD', …]` or `['CMD-SHELL', line]`. */
  test?: string[] | undefined;
  intervalMs?: number | undefined;
  timeoutMs?: number | undefined;
  startPeriodMs?: number | undefined;
  startIntervalMs?: number | undefined;
  retries?: number | undefined;
  /** Podman's `--health-on-failure`. */
  onFailure?: 'none' | 'kill' | 'restart' | 'stop' | undefined;
}

/** The options of a health check, with the image's and Docker's defaults for those that are absent. */
export interface HealthSettings extends Decided<Omit<HealthOptions, 'test'>> {
  argv: readonly string[];
}

/** Makes every member of `Options` required. */
type Decided<Options> = { [Member in keyof Options]-?: Exclude<Options[Member], undefined> };

/** How a container is asked to end. */
export interface StopOptions {
  /** A name or number; absent: the image's, else SIGTERM. */
  signal?: string | undefined;
  /** Absent: ten seconds; negative: never SIGKILL. */
  timeoutMs?: number | undefined;
}

/** `StopOptions` with the image's and Docker's defaults. */
export interface StopSettings {
  /** The number of the signal that asks the container to end. */
  signal: number;
  /** How long it may take before SIGKILL, in ms; negative: never. */
  timeoutMs: number;
}
