import { familyOf } from '../../network/address/address-text.ts';
import { subnetOf } from '../../network/address/subnet-of.ts';
import { endpointId } from '../../network/endpoint-id.ts';
import { macOf } from '../../network/interface-name.ts';
import { parseImageConfig } from '../../oci/image-config.ts';
import type { AddressLease } from '../leases/addresses.ts';
import type { PortLease } from '../leases/ports.ts';
import { LeaseView } from '../leases/view.ts';
import type { NetworkAttachment } from '../options/create.ts';
import { exposedPorts } from '../options/exposed-ports.ts';
import {
  type ContainerEndpoint,
  type ContainerNetworking,
  type ContainerPort,
  WITHOUT_LINKS,
} from '../options/network.ts';
import { imageOfContainer } from '../state/image.ts';
import { isUp, type Status } from '../state/status.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { endpointNames } from './names.ts';

/**
 * The networks and ports of one container, as lists and `inspect` show them; addresses and ports only while it runs. `none` and
 * `host` are networks, too, and have only names and ids.
 */
export function containerNetworking(
  context: Context,
  { row, status }: { row: ContainerRow; status: Status },
  view = new LeaseView(context.database),
): ContainerNetworking {
  const { network, namespaces } = row.options;
  const runs = isUp(status);
  if (namespaces.network !== 'networks' || network === undefined) {
    const known = WITHOUT_LINKS.find(({ name }) => name === namespaces.network);
    return { endpoints: known === undefined ? [] : [withoutLinks(row, known, runs)], ports: [] };
  }
  const leases = runs ? view.addressesOf(row.id) : [];
  return {
    endpoints: network.attachments.flatMap(
      (attachment) => endpointOf(view, row, { attachment, leases }) ?? [],
    ),
    ports: runs ? portsOfContainer(context, row, view.portsOf(row.id)) : [],
  };
}

function withoutLinks(
  row: ContainerRow,
  { id, name }: (typeof WITHOUT_LINKS)[number],
  runs: boolean,
): ContainerEndpoint {
  return {
    network: { id, name },
    endpointId: runs ? endpointId(id, row.id) : '',
    mac: '',
    aliases: [],
    dnsNames: [],
    links: [],
    wanted: {},
    gatewayPriority: 0,
  };
}

/** Returns a network of a container as it is shown; undefined for one that is not there any more. */
function endpointOf(
  view: LeaseView,
  row: ContainerRow,
  { attachment, leases }: { attachment: NetworkAttachment; leases: readonly AddressLease[] },
): ContainerEndpoint | undefined {
  const found = view.network(attachment.network);
  if (found === undefined) return undefined;
  const { id, name, subnets } = found.definition;
  const own = leases.filter(({ networkId }) => networkId === id);
  const address = (family: 4 | 6) => own.find((lease) => familyOf(lease.address) === family)?.address;
  const prefix = (family: 4 | 6): number | undefined => {
    const subnet = address(family) === undefined ? undefined : subnetOf(subnets, family);
    return subnet && Number(subnet.subnet.split('/')[1]);
  };
  const gateway = (family: 4 | 6) =>
    address(family) === undefined ? undefined : subnetOf(subnets, family)?.gateway;
  const [lease] = own;
  return {
    network: { id, name },
    endpointId: lease === undefined ? '' : endpointId(id, row.id),
    mac: attachment.mac ?? (lease === undefined ? '' : macOf(row.id, lease.interfaceName, address(4))),
    address4: address(4),
    prefix4: prefix(4),
    gateway4: gateway(4),
    address6: address(6),
    prefix6: prefix(6),
    gateway6: gateway(6),
    aliases: attachment.aliases ?? [],
    dnsNames: endpointNames(row, found.definition, attachment).names,
    links: [...(row.options.network?.links ?? []), ...(attachment.links ?? [])].map(
      ({ container, alias }) => `${container}:${alias}`,
    ),
    wanted: { ip: attachment.ip, ip6: attachment.ip6, mac: attachment.mac },
    driverOptions: attachment.driverOptions,
    gatewayPriority: attachment.gatewayPriority ?? 0,
  };
}

function portsOfContainer(
  context: Context,
  row: ContainerRow,
  published: readonly PortLease[],
): ContainerPort[] {
  const exposed = exposedPorts(
    parseImageConfig(Buffer.from(imageOfContainer(context, row).config)),
    row.options.network,
  );
  const isPublished = (port: number, protocol: string): boolean =>
    published.some((other) => other.containerPort === port && other.protocol === protocol);
  const ports: ContainerPort[] = [
    ...published.map(({ protocol, containerPort, hostAddress, hostPort }) => ({
      protocol,
      containerPort,
      host: { address: hostAddress, port: hostPort },
    })),
    ...exposed
      .filter(({ port, protocol }) => !isPublished(port, protocol))
      .map(({ port, protocol }) => ({ protocol, containerPort: port })),
  ];
  return ports.sort(
    (one, other) =>
      one.containerPort - other.containerPort ||
      one.protocol.localeCompare(other.protocol) ||
      familyOf(one.host?.address ?? '') - familyOf(other.host?.address ?? '') ||
      (one.host?.port ?? 0) - (other.host?.port ?? 0),
  );
}
