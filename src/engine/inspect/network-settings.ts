import {
  type ContainerEndpoint,
  type ContainerNetworking,
  type ContainerPort,
  DEFAULT_NETWORK,
} from '../options/network.ts';
import type { ContainerRow } from '../store/containers.ts';
import { listOrNull, mapOf, mapOrNull, omitEmpty } from './go-json.ts';

/** `NetworkSettings` of Docker's ContainerInspect. */
export function networkSettings(row: ContainerRow, { endpoints, ports }: ContainerNetworking): object {
  return {
    Bridge: '',
    SandboxID: '',
    SandboxKey: '',
    Ports: portsObject(ports),
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: listOrNull(),
    SecondaryIPv6Addresses: listOrNull(),
    // The addresses that Docker shows beside the others: this network was once the only one.
    ...addresses(endpoints.find(({ network }) => network.name === DEFAULT_NETWORK)),
    Networks: networksObject(row, endpoints),
  };
}

/** EndpointSettings by the name of the network. With `none` and `host` there is nothing but the network's name. */
export function networksObject(
  { options }: Pick<ContainerRow, 'options'>,
  endpoints: readonly ContainerEndpoint[],
): Record<string, object> {
  const { network: mode } = options.namespaces;
  const unnamed = mode === 'none' || mode === 'host' ? [[mode, endpointObject(undefined)]] : [];
  const named = endpoints.map((endpoint) => [endpoint.network.name, endpointObject(endpoint)]);
  return mapOf(Object.fromEntries(named.length === 0 ? unnamed : named));
}

function endpointObject(endpoint: ContainerEndpoint | undefined): object {
  const { EndpointID, MacAddress, ...rest } = addresses(endpoint);
  return {
    IPAMConfig: ipamConfig(endpoint),
    Links: listOrNull(endpoint?.links),
    Aliases: listOrNull(endpoint?.aliases),
    MacAddress,
    DriverOpts: mapOrNull(endpoint?.driverOptions),
    GwPriority: endpoint?.gatewayPriority ?? 0,
    NetworkID: endpoint?.network.id ?? '',
    EndpointID,
    ...rest,
    DNSNames: listOrNull(endpoint?.dnsNames),
  };
}

/** Returns the addresses that the user asked for, not those that the container got. */
function ipamConfig(endpoint: ContainerEndpoint | undefined): object | null {
  const { ip = '', ip6 = '' } = endpoint?.wanted ?? {};
  if (ip === '' && ip6 === '') return null;
  return omitEmpty({ IPv4Address: ip, IPv6Address: ip6 }, 'IPv4Address', 'IPv6Address');
}

function addresses(endpoint: ContainerEndpoint | undefined) {
  return {
    EndpointID: endpoint?.endpointId ?? '',
    Gateway: endpoint?.gateway4 ?? '',
    GlobalIPv6Address: endpoint?.address6 ?? '',
    GlobalIPv6PrefixLen: endpoint?.prefix6 ?? 0,
    IPAddress: endpoint?.address4 ?? '',
    IPPrefixLen: endpoint?.prefix4 ?? 0,
    IPv6Gateway: endpoint?.gateway6 ?? '',
    MacAddress: endpoint?.mac ?? '',
  };
}

/** `{"80/tcp": [{HostIp, HostPort}]}`; null for a port that is only exposed. */
function portsObject(ports: readonly ContainerPort[]): Record<string, object | null> {
  const bindings = new Map<string, { HostIp: string; HostPort: string }[] | null>();
  for (const { protocol, containerPort, host } of ports) {
    const key = `${containerPort}/${protocol}`;
    const known = bindings.get(key) ?? null;
    if (host === undefined) bindings.set(key, known);
    else bindings.set(key, [...(known ?? []), { HostIp: host.address, HostPort: String(host.port) }]);
  }
  return mapOf(Object.fromEntries(bindings));
}
