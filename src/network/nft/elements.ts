import { addressBytes, isUnspecified, requireAddress } from '../address/address.ts';
import type { Endpoint, FirewallPort, NetworkDefinition, Protocol } from '../address/definition.ts';
import { bitsOf, lastAddress, parseSubnet } from '../address/subnet.ts';
import { firewallPorts } from '../files/published.ts';
import { interfaceBytes } from './expressions.ts';
import { addElements, concatenate, removeElements, type SetElement, type TablePlace } from './messages.ts';
import { bytesOf16, Family } from './netlink.ts';

/** Sets and maps of the firewall's table that elements of networks and containers are in. */
export type SetName =
  | 'bridges'
  | 'internal'
  | 'same'
  | 'own4'
  | 'own6'
  | 'sources4'
  | 'sources6'
  | 'ports4'
  | 'any4'
  | 'ports6'
  | 'any6';

const PROTOCOLS: Readonly<Record<Protocol, number>> = { tcp: 6, udp: 17, sctp: 132 };

/** The messages that publish the ports of an endpoint, as often as one likes; none for one without. */
export function publishElements(table: string, endpoint: Endpoint): Uint8Array {
  return change(addElements, table, elementsOfPorts(firewallPorts(endpoint.ports, endpoint)));
}

/** Makes the messages that take back the elements of an endpoint; ENOENT when something is missing. */
export function withdrawElements(table: string, endpoint: Endpoint): Uint8Array {
  return change(removeElements, table, elementsOfPorts(firewallPorts(endpoint.ports, endpoint)));
}

/**
 * Returns the elements that each set has because of these networks. Macvlan passes the host by: the table knows nothing
 * of it.
 */
export function elementsOfNetworks(networks: readonly NetworkDefinition[]): Map<SetName, SetElement[]> {
  const elements = new Map<SetName, SetElement[]>();
  for (const { driver, link, internal, masquerade, subnets } of networks) {
    if (driver !== 'bridge') continue;
    const name = interfaceBytes(link);
    put(elements, 'bridges', { key: name });
    put(elements, 'same', { key: concatenate(name, name) });
    for (const { subnet } of subnets) putOwn(elements, name, subnet);
    if (internal) put(elements, 'internal', { key: name });
    else if (masquerade) for (const { subnet } of subnets) putSource(elements, subnet);
  }
  return elements;
}

/** Returns the elements that each map has because of these ports. */
export function elementsOfPorts(ports: readonly FirewallPort[]): Map<SetName, SetElement[]> {
  const elements = new Map<SetName, SetElement[]>();
  for (const { protocol, hostAddress, hostPort, containerAddress, containerPort } of ports) {
    const host = requireAddress(hostAddress, 'the address of a published port');
    const target = requireAddress(containerAddress, "the container's address");
    const value = concatenate(addressBytes(target), bytesOf16(containerPort));
    const service = [Uint8Array.of(PROTOCOLS[protocol]), bytesOf16(hostPort)];
    if (isUnspecified(host)) put(elements, `any${host.family}`, { key: concatenate(...service), value });
    else put(elements, `ports${host.family}`, { key: concatenate(addressBytes(host), ...service), value });
  }
  return elements;
}

/** Makes the messages that change several sets, for one transaction. */
export function change(
  how: (place: TablePlace, set: SetName, elements: readonly SetElement[]) => Uint8Array,
  table: string,
  elements: ReadonlyMap<SetName, readonly SetElement[]>,
): Uint8Array {
  const place = { family: Family.inet, table };
  return Buffer.concat([...elements].map(([set, some]) => how(place, set, some)));
}

/** Adds the addresses that are on a bridge: the name of the bridge with the range of its subnet. */
function putOwn(elements: Map<SetName, SetElement[]>, bridge: Uint8Array, text: string): void {
  const subnet = parseSubnet(text);
  const { family, base } = subnet;
  const key = (value: bigint) => concatenate(bridge, addressBytes({ family, value }));
  put(elements, `own${family}`, { key: key(base), last: key(lastAddress(subnet)) });
}

/** The addresses of a subnet that are masqueraded. */
function putSource(elements: Map<SetName, SetElement[]>, text: string): void {
  const subnet = parseSubnet(text);
  const { family, base } = subnet;
  const behind = lastAddress(subnet) + 1n;
  const isLast = behind >> BigInt(bitsOf(family)) > 0n;
  put(elements, `sources${family}`, {
    key: addressBytes({ family, value: base }),
    behind: isLast ? undefined : addressBytes({ family, value: behind }),
  });
}

function put(elements: Map<SetName, SetElement[]>, set: SetName, element: SetElement): void {
  const some = elements.get(set);
  if (some) some.push(element);
  else elements.set(set, [element]);
}
