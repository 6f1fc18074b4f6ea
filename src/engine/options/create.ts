import type { Platform } from '../../oci/platform.ts';
import type { IdMaps, ResourceOptions, RlimitOption } from '../../runtime/options.ts';

export type { DeviceAmount, IdMaps, IdRange, ResourceOptions, RlimitOption } from '../../runtime/options.ts';

/**
 * What a face asks for when it creates a container, grouped by concern. The same type whether the request came from a
 * command line, an HTTP body or a manifest; what is absent comes from the image or from the engine's defaults. It is
 * kept with the container as JSON, then with ids in the place of other containers' names and with its host name. Names
 * of users and devices are as the user gave them.
 */
export interface CreateOptions {
  /** The image as the user named it. */
  image: string;
  /** `name` absent: one is made up. */
  name?: string | undefined;
  platform?: Platform | undefined;
  /** Where whoever asked for it keeps its id; only shown. */
  cidFile?: string | undefined;
  process: ProcessOptions;
  namespaces: NamespaceOptions;
  /** Of a container whose network namespace is `networks`; with `none` and `host` only names, servers and what is exposed. */
  network?: NetworkOptions | undefined;
  security: SecurityOptions;
  devices: DeviceOptions;
  files: FileOptions;
  resources: ResourceOptions;
  stop: StopOptions;
  /** The container and its files go when it ends. */
  autoRemove: boolean;
  labels?: Record<string, string> | undefined;
  annotations?: Record<string, string> | undefined;
  restart?: RestartPolicy | undefined;
  log?: LogOptions | undefined;
  health?: HealthOptions | undefined;
  /** ms: how long it may run before it is stopped. */
  runTimeoutMs?: number | undefined;
}

/** Absent: `no`. `maximum` counts for `on-failure`; 0 or absent: no limit. */
export interface RestartPolicy {
  name: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  maximum?: number | undefined;
}

/** Absent: json-file with three files of 10 MB. `options` as `--log-opt` has them. */
export interface LogOptions {
  driver: string;
  options: Record<string, string>;
}

/** What is absent is the image's, else Docker's default. Times in ms. */
export interface HealthOptions {
  /** As Docker keeps it: `['NONE']`, `['CMD', …]` or `['CMD-SHELL', line]`. */
  test?: string[] | undefined;
  intervalMs?: number | undefined;
  timeoutMs?: number | undefined;
  startPeriodMs?: number | undefined;
  startIntervalMs?: number | undefined;
  retries?: number | undefined;
  /** Podman's `--health-on-failure`. */
  onFailure?: 'none' | 'kill' | 'restart' | 'stop' | undefined;
}

export interface ProcessOptions {
  /** Replaces the image's ENTRYPOINT, and drops its CMD; an empty list clears it. */
  entrypoint?: string[] | undefined;
  /** Replaces the image's CMD when not empty. */
  command: string[];
  /** `KEY=VALUE`, in addition to the image's. */
  env: string[];
  /** Absolute path inside the container. */
  cwd?: string | undefined;
  /** `name|uid[:group|gid]`, looked up inside the container. */
  user?: string | undefined;
  /** Supplementary groups, names or numbers, looked up inside the container. */
  groups?: string[] | undefined;
  /** Octal value as a number. */
  umask?: number | undefined;
  /** A name of the host's zoneinfo (`Europe/Berlin`), or `local` for the host's own. */
  timeZone?: string | undefined;
  /** PID 1 is skiff's own: forwards signals and reaps. */
  init?: boolean | undefined;
  /** -1000 to 1000. */
  oomScoreAdj?: number | undefined;
  rlimits?: RlimitOption[] | undefined;
  /** Keeps stdin open and relays it. */
  stdin: boolean;
  /** The streams are a pseudo terminal. */
  terminal?: boolean | undefined;
  /** The streams that its creator takes part in, for `inspect`: all when absent, none in the background. */
  attach?: ('stdin' | 'stdout' | 'stderr')[] | undefined;
}

/** One that is shared: `container` is a name or id as the user gave it. */
export interface SharedWith {
  container: string;
}

/** What is absent is `private`. `network` has no default of its own: faces say it. */
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

export interface NetworkOptions {
  /** In the order in which they were named, at least one with `networks`: the default network is called `bridge`. */
  attachments: NetworkAttachment[];
  publish?: PortMapping[] | undefined;
  /** `-P`: all exposed ports, of the image, too, each on a free port of the host. */
  publishAll?: boolean | undefined;
  expose?: { protocol: Protocol; port: number }[] | undefined;
  dns?: { servers?: string[]; options?: string[]; search?: string[] } | undefined;
  /** For /etc/hosts; the address may be `host-gateway`. */
  extraHosts?: { name: string; address: string }[] | undefined;
  /** Other containers of the same network, by a name that only this one knows. */
  links?: { container: string; alias: string }[] | undefined;
}

/** `network` is a name or id as the user gave it, an id once it is kept. */
export interface NetworkAttachment {
  network: string;
  aliases?: string[] | undefined;
  ip?: string | undefined;
  ip6?: string | undefined;
  mac?: string | undefined;
  /** `com.docker.network.endpoint.ifname`, `com.docker.network.endpoint.sysctls`. */
  driverOptions?: Record<string, string> | undefined;
  /** Podman's `interface_name`: what it is called in the container. */
  interfaceName?: string | undefined;
  /** Docker's `gw-priority`: the highest leads out; the same: the first by name. */
  gatewayPriority?: number | undefined;
}

/** One port of the container; a range of the command line is one of these for each of its ports. */
export interface PortMapping {
  protocol: Protocol;
  containerPort: number;
  /** Absent: what the network says, else every address. */
  hostAddress?: string | undefined;
  /** The first free one of these; absent, or 0 alone: any free port. */
  hostPorts?: { first: number; last: number } | undefined;
}

export type Protocol = 'tcp' | 'udp' | 'sctp';

export interface SecurityOptions {
  privileged?: boolean | undefined;
  /** With or without `CAP_`, any case, or `ALL`. */
  capAdd?: string[] | undefined;
  capDrop?: string[] | undefined;
  noNewPrivileges?: boolean | undefined;
  /** Absent: `builtin`, and `unconfined` when privileged. A profile is Docker's JSON, `source` the file it came from. */
  seccomp?: 'builtin' | 'unconfined' | { profile: string; source: string } | undefined;
  /** A profile's name, or `unconfined`. */
  apparmor?: string | undefined;
  /** As `--security-opt label=`: `disable`, `user:U`, `role:R`, `type:T`, `level:L`. */
  label?: string[] | undefined;
  /** Nothing is masked or read-only below /proc and /sys. */
  unmaskedPaths?: boolean | undefined;
  writableCgroups?: boolean | undefined;
  sysctls?: Record<string, string> | undefined;
}

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

export interface FileOptions {
  /** Mounts the root file system read-only. */
  readOnly: boolean;
  /** `options` are words of mount(8) and of tmpfs: `size=64m`, `mode=1777`, `exec`. */
  tmpfs?: { path: string; options: string[] }[] | undefined;
  /** Bytes of /dev/shm. */
  shmSize?: number | undefined;
}

export interface StopOptions {
  /** A name or number; absent: the image's, else SIGTERM. */
  signal?: string | undefined;
  /** Absent: ten seconds; negative: never SIGKILL. */
  timeoutMs?: number | undefined;
}
