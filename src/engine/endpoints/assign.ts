import { EngineError } from '../../errors.ts';
import { familyOf } from '../../network/address/address-text.ts';
import type { Endpoint, NetworkDefinition } from '../../network/address/definition.ts';
import { subnetOf } from '../../network/address/subnet-of.ts';
import { hostInterface, macOf } from '../../network/interface-name.ts';
import { addressesOf, leaseAddress, releaseAddresses } from '../leases/addresses.ts';
import { leasePorts, releasePorts } from '../leases/ports.ts';
import type { publishedPorts } from '../leases/publish.ts';
import type { Context } from '../store/context.ts';
import type { ResolvedAttachment } from './attachment.ts';
import type { PreparedNetworking } from './prepare.ts';

/** The container that holds the leases. */
interface Holder {
  id: string;
  name: string;
}

/** A container whose networks are decided. */
interface Prepared extends Holder {
  networking: PreparedNetworking | undefined;
}

/** Decides which ports of the host lead to a container. */
export type PortChooser = typeof publishedPorts;

/**
 * Loads what decides where ports are published, for those who publish some: before the transaction that leases them, which
 * cannot wait. Throws `invalid` where no network could have them: only now, as a container that was created on one network
 * may have been connected to others since, which is how compose makes those on several.
 */
export async function loadPortChooser({ networking }: Prepared): Promise<PortChooser | undefined> {
  if (networking === undefined || networking.mappings.length === 0) return undefined;
  refuseUnpublishable(networking.attachments);
  const { publishedPorts } = await import('../leases/publish.ts');
  return publishedPorts;
}

/** Docker publishes nothing then and does not say so. */
function refuseUnpublishable(attachments: readonly ResolvedAttachment[]): void {
  if (
    attachments.some(({ network: { definition } }) => definition.driver === 'bridge' && !definition.internal)
  )
    return;
  const [resolved] = attachments;
  const name = resolved?.network.definition.name ?? '';
  throw new EngineError('invalid', `ports cannot be published on network ${name}`, {
    subject: name,
    hint: 'nothing leads into an internal network, and macvlan has addresses of its own: join a bridge network as well',
  });
}

/**
 * Leases addresses and ports for the first start of a container, all or none: call it in the transaction that inserts the
 * container. Returns an endpoint for each of its networks, in their order. Throws `conflict` and `unavailable` as
 * `leaseAddress` and `leasePorts` do, and `OrphanHolds`.
 */
export function assignEndpoints(
  context: Context,
  { id, name, networking }: Prepared,
  choosePorts: PortChooser | undefined,
  before: ReadonlyMap<string, string> = new Map(),
): Endpoint[] {
  if (networking === undefined) return [];
  const { attachments, mappings } = networking;
  const egress = { 4: egressOf(attachments, 4), 6: egressOf(attachments, 6) };
  const endpoints = attachments.map((resolved) => {
    const leadsOut = { 4: resolved === egress[4], 6: resolved === egress[6] };
    return leaseEndpoint(context, resolved, { id, name, before, leadsOut });
  });
  const publishing = publishingEndpoint(endpoints);
  if (publishing === undefined || choosePorts === undefined) return endpoints;
  const ports = choosePorts(context, mappings, publishing.network);
  leasePorts(context, { containerId: id, networkId: publishing.network.id }, ports);
  return endpoints.map((endpoint) => (endpoint === publishing ? { ...endpoint, ports } : endpoint));
}

/**
 * Leases addresses and ports for a container that was started before, in the transaction that claims its start: it gets
 * the addresses that it had, if they are still free. Throws as `assignEndpoints`.
 */
export function reassignEndpoints(
  context: Context,
  container: Prepared,
  choosePorts: PortChooser | undefined,
): Endpoint[] {
  if (container.networking === undefined) return [];
  const before = previousAddresses(context, container.id);
  releaseAddresses(context.database, container.id);
  releasePorts(context.database, container.id);
  return assignEndpoints(context, container, choosePorts, before);
}

/** Returns the addresses that a container had before, by network and family. */
function previousAddresses({ database }: Context, id: string): Map<string, string> {
  return new Map(
    addressesOf(database, id).map(({ networkId, address }) => [keyOf(networkId, address), address]),
  );
}

function keyOf(networkId: string, address: string): string {
  return `${networkId} ${familyOf(address)}`;
}

/** Whether a container leaves by this network, for each family of addresses. */
export type LeadsOut = Readonly<Record<4 | 6, boolean>>;

/** Leases the addresses of one network; it publishes nothing yet. */
export function leaseEndpoint(
  context: Context,
  resolved: ResolvedAttachment,
  { id, name, before, leadsOut }: Holder & { before: ReadonlyMap<string, string>; leadsOut: LeadsOut },
): Endpoint {
  const { network, attachment, interfaceName } = resolved;
  const { definition } = network;
  const lease = (family: 4 | 6, wanted: string | undefined): string | undefined => {
    const subnet = subnetOf(definition.subnets, family);
    if (subnet === undefined) return undefined;
    const request = {
      containerId: id,
      containerName: name,
      interfaceName,
      leadsOut: leadsOut[family],
      wanted,
      before: before.get(`${definition.id} ${family}`),
    };
    return leaseAddress(context, network, subnet, request);
  };
  const addresses = { address4: lease(4, attachment.ip), address6: lease(6, attachment.ip6) };
  return endpointOf(resolved, id, { ...addresses, leadsOut });
}

/** An endpoint with its addresses; it publishes nothing. */
export function endpointOf(
  { network, attachment, interfaceName }: ResolvedAttachment,
  id: string,
  { address4, address6, leadsOut }: Pick<Endpoint, 'address4' | 'address6'> & { leadsOut: LeadsOut },
): Endpoint {
  return {
    network: network.definition,
    containerId: id,
    interfaceName,
    hostInterface: hostInterface(id, interfaceName),
    mac: attachment.mac ?? macOf(id, interfaceName, address4),
    address4,
    address6,
    isGateway4: leadsOut[4],
    isGateway6: leadsOut[6],
    ports: [],
    sysctls: sysctlsOf(attachment.driverOptions),
  };
}

/**
 * The network that leads out, of those with a gateway of this family: Docker takes the highest priority, then the first
 * by name. Nothing leads out of an internal network.
 */
export function egressOf<Attachment extends Pick<ResolvedAttachment, 'network' | 'attachment'>>(
  attachments: readonly Attachment[],
  family: 4 | 6,
): Attachment | undefined {
  const priority = ({ attachment }: Attachment): number => attachment.gatewayPriority ?? 0;
  const name = ({ network }: Attachment): string => network.definition.name;
  return attachments
    .filter(({ network: { definition } }) => !definition.internal && hasGateway(definition, family))
    .sort((one, other) => priority(other) - priority(one) || (name(one) < name(other) ? -1 : 1))[0];
}

export function hasGateway({ subnets }: Pick<NetworkDefinition, 'subnets'>, family: 4 | 6): boolean {
  return subnetOf(subnets, family)?.gateway !== undefined;
}

/** Returns the endpoint where ports are published: on the bridge that leads out, else on the first one that could. */
export function publishingEndpoint(endpoints: readonly Endpoint[]): Endpoint | undefined {
  const able = endpoints.filter(({ network }) => network.driver === 'bridge' && !network.internal);
  return able.find(({ isGateway4, isGateway6 }) => isGateway4 || isGateway6) ?? able[0];
}

/** `com.docker.network.endpoint.sysctls`: `net.ipv4.conf.IFNAME.log_martians=1`, separated by commas. */
function sysctlsOf(options: Readonly<Record<string, string>> | undefined): Record<string, string> {
  const text = options?.['com.docker.network.endpoint.sysctls'];
  if (text === undefined || text === '') return {};
  return Object.fromEntries(
    text.split(',').map((pair) => [pair.split('=')[0] ?? '', pair.split('=').slice(1).join('=')]),
  );
}
