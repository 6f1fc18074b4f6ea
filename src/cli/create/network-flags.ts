import type { CreateOptions, NamespaceOptions } from '../../engine/options/create.ts';

/** The flags for networks as the user wrote them: most containers need none of them read. */
export interface NetworkFlags {
  addHost?: string[];
  dns?: string[];
  dnsOption?: string[];
  dnsSearch?: string[];
  expose?: string[];
  ip?: string;
  ip6?: string;
  link?: string[];
  macAddress?: string;
  network?: string[];
  networkAlias?: string[];
  publish?: string[];
  publishAll?: boolean;
}

/** The network mode and the network options that a command line asks for. */
export interface RequestedNetworking {
  namespace: NamespaceOptions['network'];
  network?: CreateOptions['network'];
}
