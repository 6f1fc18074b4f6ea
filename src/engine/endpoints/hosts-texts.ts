import { readText } from '../../host/read-text.ts';
import type { Endpoint } from '../../network/address/definition.ts';
import { subnetOf } from '../../network/address/subnet-of.ts';
import { hostsText, type LinkedHost } from '../../network/files/hosts-text.ts';
import { hostResolvConf, parseResolvConf } from '../../network/files/resolv-conf.ts';
import type { NamespaceChoices } from '../../runtime/options.ts';
import type { NetworkOptions } from '../options/create.ts';
import { linksOf } from '../options/network.ts';
import type { Context } from '../store/context.ts';
import { dnsOptions } from './name-service.ts';
import type { NetworkedContainer, PreparedNetworking } from './prepare.ts';

/** The texts of /etc/hosts and /etc/resolv.conf of a container. */
export interface HostsTexts {
  hosts: string;
  resolvConf: string;
}

/**
 * Returns a container's /etc/hosts and /etc/resolv.conf as Docker writes them: on the host's network with its own names
 * and servers, on networks of its own with the addresses that were leased. Throws `invalid` for names and addresses
 * that cannot be.
 */
export async function hostsTexts(
  context: Context,
  { options, networking, endpoints }: Pick<NetworkedContainer, 'options' | 'networking' | 'endpoints'>,
  namespaces: Pick<NamespaceChoices, 'hostname' | 'domainname' | 'network'>,
): Promise<HostsTexts> {
  const { network } = options;
  const { hostname, domainname } = namespaces;
  const text = hostsText({
    hostname,
    domainname,
    addresses: endpoints.flatMap(({ address4, address6 }) =>
      [address4, address6].filter((each) => each !== undefined),
    ),
    extra: network?.extraHosts ?? [],
    hostGateway: gatewaysOf(endpoints),
    links: await linkedHosts(context, network, networking),
  });
  if (networking !== undefined) return { hosts: text, resolvConf: networking.nameService.resolvConf };
  const isHost = namespaces.network === 'host';
  const host = parseResolvConf(readText('/etc/resolv.conf') ?? '');
  return {
    hosts: isHost ? hostText(text, network) : text,
    resolvConf: hostResolvConf(host, dnsOptions(network)),
  };
}

/** The host's own file, and what was asked for besides: in its network the host is at home. */
function hostText(fallback: string, network: NetworkOptions | undefined): string {
  const own = readText('/etc/hosts') ?? '';
  if (own === '') return fallback;
  const extra = (network?.extraHosts ?? []).map(
    ({ name, address }) => `${address === 'host-gateway' ? '127.0.0.1' : address}\t${name}\n`,
  );
  return [own.endsWith('\n') ? own : `${own}\n`, ...extra].join('');
}

/** Returns the addresses at which a container reaches the host: the gateways of its first bridge. */
function gatewaysOf(endpoints: readonly Endpoint[]): string[] {
  const bridge = endpoints.find(({ network }) => network.driver === 'bridge');
  const subnets = bridge?.network.subnets ?? [];
  return [subnetOf(subnets, 4)?.gateway, subnetOf(subnets, 6)?.gateway].filter((each) => each !== undefined);
}

/**
 * Finds the containers that links name on the default network, where links are lines of /etc/hosts; on others the
 * resolver knows them.
 */
async function linkedHosts(
  context: Context,
  network: NetworkOptions | undefined,
  networking: PreparedNetworking | undefined,
): Promise<LinkedHost[]> {
  if (linksOf(network).length === 0 || networking === undefined) return [];
  const { findLinkedHosts } = await import('./linked-hosts.ts');
  return findLinkedHosts(context, network?.links ?? [], networking);
}
