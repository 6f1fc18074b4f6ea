import {
  type ContainerEndpoint,
  type ContainerNetworking,
  type ContainerPort,
  DEFAULT_NETWORK,
} from '../options/network.ts';
import type { ContainerRow } from '../store/containers.ts';
import { listOrNull, mapOf, mapOrNull, omitEmpty } from './go-json.ts';

/** `NetworkSettings` of Docker's ContainerInspect; `pid` is the first process of a container that runs. */
export function networkSettings(
  row: ContainerRow,
  { endpoints, ports }: ContainerNetworking,
  pid: number | undefined,
): object {
  return {
    Bridge: '',
    ...sandbox(row, pid),
    Ports: portsObject(ports),
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: listOrNull(),
    SecondaryIPv6Addresses: listOrNull(),
    // The addresses that Docker shows beside the others: this network was once the only one.
    ...addresses(endpoints.find(({ network }) => network.name === DEFAULT_NETWORK)),
    Networks: byName(endpoints, (endpoint) => endpointObject(endpoint, endpoint)),
  };
}

/** `NetworkSettings.Networks` of Docker's ContainerList, which has less of each than inspect. */
export function listedNetworks(endpoints: readonly ContainerEndpoint[]): Record<string, object> {
  return byName(endpoints, (endpoint) => endpointObject(endpoint, {}));
}

/**
 * The network namespace of a container that runs: its name, which is the container's own, and a file by which it can be entered.
 * That of another container is shown by the other one alone.
 */
function sandbox({ id, options }: ContainerRow, pid: number | undefined): object {
  const isShown = pid !== undefined && typeof options.namespaces.network === 'string';
  return { SandboxID: isShown ? id : '', SandboxKey: isShown ? `/proc/${pid}/ns/net` : '' };
}

function byName(
  endpoints: readonly ContainerEndpoint[],
  show: (endpoint: ContainerEndpoint) => object,
): Record<string, object> {
  return mapOf(Object.fromEntries(endpoints.map((endpoint) => [endpoint.network.name, show(endpoint)])));
}

function endpointObject(
  endpoint: ContainerEndpoint,
  {
    links,
    aliases,
    driverOptions,
    dnsNames,
  }: Partial<Pick<ContainerEndpoint, 'links' | 'aliases' | 'driverOptions' | 'dnsNames'>>,
): object {
  const { EndpointID, MacAddress, ...rest } = addresses(endpoint);
  return {
    IPAMConfig: ipamConfig(endpoint),
    Links: listOrNull(links),
    Aliases: listOrNull(aliases),
    MacAddress,
    DriverOpts: mapOrNull(driverOptions),
    GwPriority: endpoint.gatewayPriority,
    NetworkID: endpoint.network.id,
    EndpointID,
    ...rest,
    DNSNames: listOrNull(dnsNames),
  };
}

/** Returns the addresses that the user asked for, not those that the container got. */
function ipamConfig({ wanted: { ip = '', ip6 = '' } }: ContainerEndpoint): object | null {
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
