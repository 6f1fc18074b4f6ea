import type { Protocol } from '../../network/address/definition.ts';
import type { Link, NetworkAttachment, NetworkOptions } from './create.ts';

/** The name of the network that containers are on when nobody says. */
export const DEFAULT_NETWORK = 'bridge';

/** The names of the networks that are always there. `host` and `none` are no rows of the store. */
export const PREDEFINED_NETWORKS: readonly string[] = [DEFAULT_NETWORK, 'host', 'none'];

/** Of the networks that can be made. */
export const NETWORK_DRIVERS = ['bridge', 'macvlan'] as const;

/** The networks without a row: they have no links, and ids that no other network can have. */
export const WITHOUT_LINKS = [
  { id: '9f1c2b7e5ad04836'.repeat(4), name: 'host', driver: 'host' },
  { id: '3e8d60c14fb7925a'.repeat(4), name: 'none', driver: 'null' },
] as const satisfies readonly Pick<NetworkInfo, 'id' | 'name' | 'driver'>[];

/** One of them by its name, its id or the beginning of that; undefined for what names another network, or none. */
export function withoutLinks(text: string): (typeof WITHOUT_LINKS)[number] | undefined {
  return WITHOUT_LINKS.find(({ id, name }) => name === text || (text.length > 3 && id.startsWith(text)));
}

/** The options of a driver for one container: the name of its interface, and what the kernel is told of that. */
export const ENDPOINT_OPTIONS: readonly string[] = [
  'com.docker.network.endpoint.ifname',
  'com.docker.network.endpoint.sysctls',
];

/** The name of the interface in the container that is asked for, in Podman's or in Docker's words. */
export function interfaceNameOf({ interfaceName, driverOptions }: NetworkAttachment): string | undefined {
  return interfaceName ?? driverOptions?.['com.docker.network.endpoint.ifname'];
}

/** The links of a container: those of its networks, too. */
export function linksOf(network: NetworkOptions | undefined): Link[] {
  return [
    ...(network?.links ?? []),
    ...(network?.attachments ?? []).flatMap((attachment) => attachment.links ?? []),
  ];
}

/** Whether a value asks for something: empty lists and words are as good as absent. */
export function isAsked(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}

/** Whether a network is named and nothing is asked of it: there is nothing to check then. */
export function isPlain({ network: _name, ...settings }: NetworkAttachment): boolean {
  return Object.values(settings).every((value) => value === undefined);
}

/** The options by which a face makes a network. What is absent is chosen by the engine. */
export interface CreateNetworkOptions {
  name: string;
  /** Absent: `bridge`. */
  driver?: string | undefined;
  subnets?: SubnetOptions[] | undefined;
  internal?: boolean | undefined;
  /** Docker's word for a network of a swarm that every container can be put on, as it can on all here: only shown. */
  attachable?: boolean | undefined;
  /** Whether the network has IPv4; absent: it has, `false`: it has IPv6 alone. `ipv6` adds IPv6. */
  ipv4?: boolean | undefined;
  ipv6?: boolean | undefined;
  labels?: Record<string, string> | undefined;
  /**
   * The options of the driver: Docker's names (`com.docker.network.bridge.name`) and Podman's short ones (`mtu`,
   * `isolate`).
   */
  options?: Record<string, string> | undefined;
}

/** A subnet as `--subnet`, `--gateway`, `--ip-range` and `--aux-address` describe it. */
export interface SubnetOptions {
  subnet?: string | undefined;
  gateway?: string | undefined;
  range?: string | undefined;
  auxiliary?: Record<string, string> | undefined;
}

/** A network as lists and `inspect` show it; `host` and `none` are among them. */
export interface NetworkInfo {
  id: string;
  name: string;
  driver: 'bridge' | 'macvlan' | 'host' | 'null';
  /** ms since the epoch. */
  createdAt: number;
  internal: boolean;
  attachable: boolean;
  ipv4: boolean;
  ipv6: boolean;
  subnets: {
    subnet: string;
    gateway?: string | undefined;
    range?: string | undefined;
    auxiliary: Record<string, string>;
  }[];
  options: Record<string, string>;
  labels: Record<string, string>;
  /** The running containers that are on the network. */
  containers: NetworkMember[];
}

export interface NetworkMember {
  containerId: string;
  name: string;
  endpointId: string;
  mac: string;
  /** The IPv4 address, with its prefix length. */
  address4?: string | undefined;
  address6?: string | undefined;
}

/** Filters of `network ls`; several values of one filter: any of them. */
export interface NetworkFilters {
  driver?: string[] | undefined;
  id?: string[] | undefined;
  name?: string[] | undefined;
  scope?: string[] | undefined;
  type?: ('custom' | 'builtin')[] | undefined;
  /** `KEY` or `KEY=VALUE`. */
  label?: string[] | undefined;
  /** Whether no container is on the network. */
  dangling?: boolean | undefined;
}

/** A network of a container, as `inspect` and `ps` show it; addresses only while it runs. */
export interface ContainerEndpoint {
  network: { id: string; name: string };
  endpointId: string;
  mac: string;
  address4?: string | undefined;
  prefix4?: number | undefined;
  gateway4?: string | undefined;
  address6?: string | undefined;
  prefix6?: number | undefined;
  gateway6?: string | undefined;
  aliases: string[];
  /** The names by which others on the network find the container. */
  dnsNames: string[];
  links: string[];
  /** The addresses that the user asked for. */
  wanted: { ip?: string | undefined; ip6?: string | undefined; mac?: string | undefined };
  driverOptions?: Record<string, string> | undefined;
  gatewayPriority: number;
}

/** A port of the container that is exposed, and where it is published; `host` absent: only exposed. */
export interface ContainerPort {
  protocol: Protocol;
  containerPort: number;
  host?: { address: string; port: number } | undefined;
}

/** A container's networks and ports, as a face shows them. */
export interface ContainerNetworking {
  endpoints: ContainerEndpoint[];
  /** The ports by container port, then protocol; IPv4 before IPv6. */
  ports: ContainerPort[];
}
