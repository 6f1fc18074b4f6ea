import type { Protocol } from '../../network/address/definition.ts';
import type { Platform } from '../../oci/platform.ts';
import type {
  DeviceOptions,
  FileOptions,
  HealthOptions,
  LogOptions,
  NamespaceOptions,
  ProcessOptions,
  ResourceOptions,
  RestartPolicy,
  SecurityOptions,
  StopOptions,
} from '../../runtime/options.ts';
import type { MountOptions, VolumesFrom } from './mounts.ts';

export type { Protocol } from '../../network/address/definition.ts';
export type {
  DeviceAmount,
  DeviceMapping,
  DeviceOptions,
  FileOptions,
  HealthOptions,
  IdMaps,
  IdRange,
  LogOptions,
  NamespaceOptions,
  ProcessOptions,
  ResourceOptions,
  RestartPolicy,
  RlimitOption,
  SecurityOptions,
  SharedWith,
  StopOptions,
} from '../../runtime/options.ts';

/** The limits that can be changed once a container is made, also while it runs. */
export type ChangeableResources = Pick<
  ResourceOptions,
  | 'memory'
  | 'memoryReservation'
  | 'memorySwap'
  | 'nanoCpus'
  | 'cpuShares'
  | 'cpuQuota'
  | 'cpuPeriod'
  | 'cpusetCpus'
  | 'cpusetMems'
  | 'pidsLimit'
  | 'blkioWeight'
>;

/**
 * The options by which a face creates a container, grouped by concern. The same type whether the request came from a
 * command line, an HTTP body or a manifest; what is absent comes from the image or from the engine's defaults. It is
 * kept with the container as JSON, then with ids in the place of other containers' names and with its host name. Names
 * of users and devices are as the user gave them.
 */
export interface CreateOptions {
  /** The image as the user named it, or the directory of `rootfs`. */
  image: string;
  rootfs?: RootDirectory | undefined;
  /** `name` absent: one is made up. */
  name?: string | undefined;
  platform?: Platform | undefined;
  /** The file where the creator of the container keeps its id; only shown. */
  cidFile?: string | undefined;
  process: ProcessOptions;
  namespaces: NamespaceOptions;
  /**
   * The networks of a container whose network namespace is `networks`; with `none` and `host` only names, servers and
   * exposed ports.
   */
  network?: NetworkOptions | undefined;
  security: SecurityOptions;
  devices: DeviceOptions;
  files: FileOptions;
  /** Of `mounts` kept with a container those of its image and of `volumesFrom` are a part. */
  mounts?: MountOptions[] | undefined;
  volumesFrom?: VolumesFrom[] | undefined;
  resources: ResourceOptions;
  stop: StopOptions;
  /** The container and its files go when it ends. */
  autoRemove: boolean;
  labels?: Record<string, string> | undefined;
  annotations?: Record<string, string> | undefined;
  restart?: RestartPolicy | undefined;
  log?: LogOptions | undefined;
  health?: HealthOptions | undefined;
  /** By which a health check that is a line is run, instead of `/bin/sh -c`. */
  shell?: string[] | undefined;
  /** Its files are kept before each start by a command, and so many of these snapshots; absent: three. */
  snapshotOnStart?: { keep?: number | undefined } | undefined;
  /**
   * It is a step of the build that this process does (`pid starttime`): it has no name, no log and no events, nobody else
   * sees it, and it goes with its builder.
   */
  step?: string | undefined;
  /** ms: how long it may run before it is stopped. */
  runTimeoutMs?: number | undefined;
}

/** Podman's `--rootfs`: a directory of the host that is the root file system, without an image. */
export interface RootDirectory {
  /** Absolute path on the host; once it is kept, without links. */
  directory: string;
  /** `:O`: the directory stays as it is, and what is written goes with the container. */
  overlay?: boolean | undefined;
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
  /** On whatever network they are. */
  links?: Link[] | undefined;
}

/** Another container of the same network, by a name that only this one knows. */
export interface Link {
  container: string;
  alias: string;
}

/** `network` is a name or id as the user gave it, an id once it is kept. */
export interface NetworkAttachment {
  network: string;
  aliases?: string[] | undefined;
  /** For as long as the container is on this network. */
  links?: Link[] | undefined;
  ip?: string | undefined;
  ip6?: string | undefined;
  /** In lower case, with colons. */
  mac?: string | undefined;
  /** `com.docker.network.endpoint.ifname`, `com.docker.network.endpoint.sysctls`. */
  driverOptions?: Record<string, string> | undefined;
  /** Podman's `interface_name`: what it is called in the container. */
  interfaceName?: string | undefined;
  /** Docker's `gw-priority`: the highest leads out; the same: the first by name. */
  gatewayPriority?: number | undefined;
}

/** A port of the container to publish; a range of the command line is one of these for each of its ports. */
export interface PortMapping {
  protocol: Protocol;
  containerPort: number;
  /** Absent: what the network says, else every address. */
  hostAddress?: string | undefined;
  /** The first free one of these; absent, or 0 alone: any free port. */
  hostPorts?: { first: number; last: number } | undefined;
}
