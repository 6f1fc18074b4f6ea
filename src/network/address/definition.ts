/** A network as its row describes it (src/network/NETWORKS.md). `host` and `none` have none: they have no links. */
export interface NetworkDefinition {
  /** 64 lower-case hex digits. */
  id: string;
  name: string;
  driver: 'bridge' | 'macvlan';
  /** The subnets: one of IPv4, one of IPv6, or one of each. */
  subnets: SubnetDefinition[];
  /** Whether nothing leads out of the network, and nothing into it but from the host. */
  internal: boolean;
  /** What whoever made it has said; nothing follows from it. */
  attachable?: boolean | undefined;
  /** The name of the bridge, or of the interface of the host that macvlan is on; at most 15 bytes. */
  link: string;
  /** Bytes; 0: the kernel's. */
  mtu: number;
  /** Whether packets that leave for elsewhere carry the host's address. */
  masquerade: boolean;
  /** Containers on it do not reach each other. */
  isolated: boolean;
  /** The host's address where ports are published when the user names none; absent: every address. */
  hostBinding?: string | undefined;
  macvlanMode?: 'bridge' | 'private' | 'vepa' | 'passthru' | undefined;
}

export interface SubnetDefinition {
  /** `172.18.0.0/16`: host bits are zero. */
  subnet: string;
  /** The host's address on a bridge; absent: nobody leads out (macvlan without a gateway). */
  gateway?: string | undefined;
  /** The part of the subnet from which addresses are handed out; absent: all of it. */
  range?: string | undefined;
  /** Addresses that others have, by their names. */
  auxiliary: Record<string, string>;
}

/** A container on a network: what its network file is made of. */
export interface Endpoint {
  network: NetworkDefinition;
  /** 64 lower-case hex digits. */
  containerId: string;
  /** The interface's name in the container: `eth0`. */
  interfaceName: string;
  /** The host's end of the veth pair, a port of the bridge; unique on the host, at most 15 bytes. */
  hostInterface: string;
  /** Lower case, with colons. */
  mac: string;
  address4?: string | undefined;
  address6?: string | undefined;
  /** Whether the container leaves by this network: one endpoint for each family. */
  isGateway4: boolean;
  isGateway6: boolean;
  /** Published here; empty but for the endpoint that leads out. */
  ports: readonly PublishedPort[];
  sysctls: Record<string, string>;
}

/** A port of the host that leads to a port of the container. */
export interface PublishedPort {
  protocol: Protocol;
  /** An address of the host; `0.0.0.0` and `::` are every address of that family. */
  hostAddress: string;
  hostPort: number;
  containerPort: number;
}

export type Protocol = 'tcp' | 'udp' | 'sctp';

/** The networks and ports that the firewall's table is made of. */
export interface FirewallState {
  /** `skiff`, or `skiff-<8 hex>`. */
  table: string;
  networks: NetworkDefinition[];
  /** Published ports with the addresses of their containers. */
  ports: FirewallPort[];
  /** Interfaces between which the host forwards nothing of a family, as it did not before skiff needed forwarding. */
  uplinks4: string[];
  uplinks6: string[];
}

export interface FirewallPort extends PublishedPort {
  containerAddress: string;
}
