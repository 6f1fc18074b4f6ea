import type { PortMapping, SharedWith } from '../options/create.ts';
import { type ContainerNetworking, DEFAULT_NETWORK } from '../options/network.ts';
import type { ContainerRow } from '../store/containers.ts';
import { listOrNull, mapOf } from './go-json.ts';

/** Returns the part of `HostConfig` (Docker's ContainerInspect) that is about networks: what the user asked for. */
export function networkHostConfig({ name, options }: ContainerRow, networking: ContainerNetworking) {
  const { network } = options;
  const links = networking.endpoints.find((endpoint) => endpoint.network.name === DEFAULT_NETWORK)?.links;
  return {
    NetworkMode: networkMode(options, networking),
    PortBindings: portBindings(network?.publish ?? []),
    PublishAllPorts: network?.publishAll === true,
    Dns: network?.dns?.servers ?? [],
    DnsOptions: network?.dns?.options ?? [],
    DnsSearch: network?.dns?.search ?? [],
    ExtraHosts: listOrNull(network?.extraHosts?.map((host) => `${host.name}:${host.address}`)),
    Links: listOrNull(links?.map((link) => dockerLink(name, link))),
  };
}

export function namespaceMode(mode: string | SharedWith): string {
  return typeof mode === 'string' ? mode : `container:${mode.container}`;
}

/** Returns the network mode: the first of the container's networks by name, which ids stand for once they are kept. */
function networkMode(
  { namespaces, network }: ContainerRow['options'],
  { endpoints }: ContainerNetworking,
): string {
  if (namespaces.network !== 'networks') return namespaceMode(namespaces.network);
  const wanted = network?.attachments[0]?.network ?? '';
  return endpoints.find(({ network: { id } }) => id === wanted)?.network.name ?? wanted;
}

/** `{"80/tcp": [{HostIp, HostPort}]}` with ports as they were asked for: none, one, or a range. */
function portBindings(publish: readonly PortMapping[]): Record<string, object[]> {
  const bindings: Record<string, object[]> = {};
  for (const { protocol, containerPort, hostAddress = '', hostPorts } of publish) {
    const key = `${containerPort}/${protocol}`;
    bindings[key] = [...(bindings[key] ?? []), { HostIp: hostAddress, HostPort: portText(hostPorts) }];
  }
  return mapOf(bindings);
}

function portText(ports: PortMapping['hostPorts']): string {
  if (ports === undefined) return '';
  return ports.first === ports.last ? String(ports.first) : `${ports.first}-${ports.last}`;
}

/** `db:cache` of container `web` is `/db:/web/cache`, which is how Docker keeps links of its default network. */
function dockerLink(name: string, link: string): string {
  const [container = '', alias = container] = link.split(':');
  return `/${container}:/${name}/${alias}`;
}
