import type { CreateOptions, NamespaceOptions } from '../../engine/options/create.ts';

/** As the user wrote them: most containers need none of them read. */
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

/** What a container has to do with networks. */
export interface RequestedNetworking {
  namespace: NamespaceOptions['network'];
  network?: CreateOptions['network'];
}
