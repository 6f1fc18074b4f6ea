import { EngineError } from '../../errors.ts';
import { encodeRecords, type FileRecord } from '../../host/record-file.ts';
import { familyOf } from '../address/address-text.ts';
import type { Endpoint, NetworkDefinition, SubnetDefinition } from '../address/definition.ts';
import { linkLocalOfMac } from '../address/mac.ts';
import { parseSubnet } from '../address/subnet.ts';
import { subnetOf } from '../address/subnet-of.ts';

export const NETWORK_FILE = 'skiff-network';

/** The facts besides the endpoint that its network file is made of. */
export interface EndpointSurroundings {
  /** Messages of nf_tables that publish its ports, and that take them back (`publishElements`); absent: it has none. */
  elements?: { publish: Uint8Array; withdraw: Uint8Array } | undefined;
  /** The file with its names, removed at its end (absolute); absent: it has none. */
  namesFile?: string | undefined;
  /** Attributes of the events `connect` and `disconnect`, JSON members; absent: no events. */
  eventAttributes?: string | undefined;
}

/**
 * The network file of an endpoint (src/network/NETWORKS.md, "Network files"). Throws `invalid` when a value holds a NUL byte,
 * or when a sysctl is not one of the endpoint's interface.
 */
export function compileEndpoint(endpoint: Endpoint, surroundings: EndpointSurroundings): Uint8Array {
  return encode(endpointRecords(endpoint, surroundings));
}

/** The records of that file. */
export function endpointRecords(
  endpoint: Endpoint,
  { elements, namesFile, eventAttributes }: EndpointSurroundings,
): FileRecord[] {
  const { network, hostInterface } = endpoint;
  const records: FileRecord[] = [];
  if (eventAttributes !== undefined) records.push(['event', network.id, eventAttributes]);
  records.push(['host'], linkRecord(endpoint));
  if (network.driver === 'bridge') records.push(...gatewayRecords(network));
  if (elements !== undefined) records.push(['nft', hex(elements.publish)], ...forgottenFlows(endpoint));
  records.push(['container'], ...containerRecords(endpoint), ['teardown']);
  if (elements !== undefined)
    records.push(['nft-remove', hex(elements.withdraw)], ...forgottenFlows(endpoint));
  if (network.driver === 'bridge') records.push(['delete-link', hostInterface]);
  if (namesFile !== undefined) records.push(['unlink', namesFile]);
  return records;
}

/** The file that takes an interface away from within a container that runs: of macvlan, the host has no end of it. */
export function compileDeparture({ interfaceName }: Endpoint): Uint8Array {
  return encode([['host'], ['container'], ['delete-link', interfaceName], ['teardown']]);
}

/** The file that gives a container which runs the default routes of an endpoint that is up. */
export function compileRoutes(endpoint: Endpoint): Uint8Array {
  return encode([['host'], ['container'], ...defaultRoutes(endpoint), ['teardown']]);
}

/**
 * The file that makes the bridges of networks, whatever is there of them already, and gives them back the ports of
 * containers that run; `alias` says on each whose it is. Networks of macvlan have none. Throws `invalid` when a value
 * holds a NUL byte.
 */
export function compileBridges(
  networks: readonly NetworkDefinition[],
  ports: readonly BridgePort[],
  alias: string,
): Uint8Array {
  const bridges = networks.filter(({ driver }) => driver === 'bridge');
  const rejoined = ports.map(
    ({ hostInterface, network, publishes }): FileRecord => [
      'rejoin',
      hostInterface,
      network.link,
      portFlags(network, publishes).join(','),
    ],
  );
  const made = bridges.flatMap((network): FileRecord[] => [
    ...bridgeRecords(network),
    ['alias', network.link, alias],
  ]);
  return encode([['host'], ...made, ...rejoined, ['container'], ['teardown']]);
}

/** The host's end of a container on a bridge. */
export interface BridgePort extends Pick<Endpoint, 'hostInterface' | 'network'> {
  /** Ports of the host lead to it. */
  publishes: boolean;
}

/** A bridge as it is recognised: another link of its name is left alone. */
export interface MadeBridge {
  link: string;
  mac: string;
}

/** The file that takes bridges away, and what messages of nf_tables remove. */
export function compileRemoval(bridges: readonly MadeBridge[], removal?: Uint8Array): Uint8Array {
  const gone = bridges.map(({ link, mac }): FileRecord => ['delete-bridge', link, mac]);
  const removed: FileRecord[] = removal === undefined ? [] : [['nft-remove', hex(removal)]];
  return encode([['host'], ['container'], ['teardown'], ...gone, ...removed]);
}

/** The records that make a bridge; it is up when it has its addresses. */
export function bridgeRecords({ id, link, mtu, subnets, internal }: NetworkDefinition): FileRecord[] {
  const has6 = subnets.some(({ subnet }) => subnet.includes(':'));
  const records: FileRecord[] = [['bridge', link, bridgeMac(id), String(mtu)]];
  // Ports of 127.0.0.1 lead to containers through the bridge; the firewall keeps others from reaching 127.0.0.0/8.
  if (!internal) records.push(['sysctl', `net/ipv4/conf/${link}/route_localnet`, '1']);
  records.push(['sysctl-optional', `net/ipv4/conf/${link}/forwarding`, '1']);
  records.push(...bridgeRecords6(link, has6));
  return [...records, ...gatewayRecords({ id, link, subnets }), ['up', link]];
}

/**
 * The host's addresses on a bridge. Each container gives it those that somebody took away: there already is fine. Of
 * IPv6 that is also the one of the link: without it the host asks for no neighbour (RFC 4861, 7.2.2).
 */
function gatewayRecords({
  id,
  link,
  subnets,
}: Pick<NetworkDefinition, 'id' | 'link' | 'subnets'>): FileRecord[] {
  return subnets.flatMap((subnet): FileRecord[] => {
    if (subnet.gateway === undefined) return [];
    const record: FileRecord = ['address', link, withLength(subnet.gateway, subnet)];
    if (familyOf(subnet.subnet) === 4) return [record];
    return [['address', link, `${linkLocalOfMac(bridgeMac(id))}/64`], record];
  });
}

function bridgeRecords6(link: string, has6: boolean): FileRecord[] {
  const sysctl = (name: string) => `net/ipv6/conf/${link}/${name}`;
  if (!has6) return [['sysctl-optional', sysctl('disable_ipv6'), '1']];
  return [
    // A container could otherwise tell the host where to send its packets.
    ['sysctl', sysctl('accept_ra'), '0'],
    ['sysctl', sysctl('disable_ipv6'), '0'],
    // Nobody else has its addresses; a second of waiting for an answer would be one without neighbours (RFC 4862, 5.4).
    ['sysctl', sysctl('accept_dad'), '0'],
    ['sysctl', sysctl('forwarding'), '1'],
  ];
}

/**
 * Returns the bridge's MAC address, the same each time the bridge is made, so that containers' tables of neighbours
 * stay true.
 */
export function bridgeMac(id: string): string {
  return `02:${id.slice(0, 10).match(/../g)?.join(':')}`;
}

function linkRecord({ network, interfaceName, hostInterface, mac, ports }: Endpoint): FileRecord {
  const { driver, link, mtu, macvlanMode = 'bridge' } = network;
  if (driver === 'macvlan') return ['macvlan', link, interfaceName, mac, String(mtu), macvlanMode];
  const flags = [...forwardingFlags(network), ...portFlags(network, ports.length > 0)];
  return ['veth', hostInterface, link, interfaceName, mac, String(mtu), flags.join(',')];
}

/**
 * Names the families that the host has to forward from and to the network: where it does not, that has to be repaired.
 */
function forwardingFlags({ internal, subnets }: NetworkDefinition): string[] {
  return internal ? [] : subnets.map(({ subnet }) => `forwarding${familyOf(subnet)}`);
}

/** A client that keeps sending would go on to reach whoever had the port when it began. */
function forgottenFlows({ ports }: Endpoint): FileRecord[] {
  const udp = ports.filter(({ protocol }) => protocol === 'udp');
  const pairs = udp.flatMap(({ hostAddress, hostPort }) => [hostAddress, String(hostPort)]);
  return pairs.length === 0 ? [] : [['forget-udp', ...pairs]];
}

/**
 * Returns the flags of a bridge's port. With br_netfilter a container reaches its own published port without leaving
 * the bridge.
 */
function portFlags({ isolated }: Pick<NetworkDefinition, 'isolated'>, publishes: boolean): string[] {
  return [...(isolated ? ['isolated'] : []), ...(publishes ? ['hairpin'] : [])];
}

/** Sysctls come before the interface is up: an address of its own making would be there otherwise. */
function containerRecords(endpoint: Endpoint): FileRecord[] {
  const { network, interfaceName: name, address4, address6 } = endpoint;
  const [subnet4, subnet6] = [subnetOf(network.subnets, 4), subnetOf(network.subnets, 6)];
  const records = [...sysctls6(endpoint), ...ownSysctls(endpoint)];
  if (address4 !== undefined) records.push(['address', name, withLength(address4, subnet4)]);
  if (address6 !== undefined) records.push(['address', name, withLength(address6, subnet6)]);
  records.push(['up', name], ...defaultRoutes(endpoint));
  return records;
}

/** Makes the default routes of a container; an internal network has none, as nothing leads out of it. */
function defaultRoutes({ network, interfaceName, isGateway4, isGateway6 }: Endpoint): FileRecord[] {
  if (network.internal) return [];
  const gateways = [
    isGateway4 ? subnetOf(network.subnets, 4)?.gateway : undefined,
    isGateway6 ? subnetOf(network.subnets, 6)?.gateway : undefined,
  ];
  return gateways.flatMap((gateway) =>
    gateway === undefined ? [] : [['route', interfaceName, 'default', gateway, '0'] as const],
  );
}

function sysctls6({ network, interfaceName, address6 }: Endpoint): FileRecord[] {
  const sysctl = (name: string) => `net/ipv6/conf/${interfaceName}/${name}`;
  if (address6 === undefined) return [['sysctl-optional', sysctl('disable_ipv6'), '1']];
  const enabled: FileRecord[] = [
    ['sysctl', sysctl('disable_ipv6'), '0'],
    ['sysctl', sysctl('accept_dad'), '0'],
  ];
  // On a bridge nobody but other containers could advertise routes; behind macvlan there may be a router.
  return network.driver === 'bridge' ? [...enabled, ['sysctl', sysctl('accept_ra'), '0']] : enabled;
}

/** `net.ipv4.conf.IFNAME.log_martians`, as Docker takes them: only of this interface. */
function ownSysctls({ interfaceName, sysctls }: Endpoint): FileRecord[] {
  return Object.entries(sysctls).map(([name, value]) => {
    const parts = name.replaceAll('/', '.').split('.');
    const at = parts.indexOf('IFNAME');
    if (parts[0] !== 'net' || at !== 3 || parts.length < 5)
      throw new EngineError('invalid', `the sysctl ${name} is not one of an interface`, {
        subject: name,
        hint: 'write the interface as IFNAME: net.ipv4.conf.IFNAME.log_martians=1',
      });
    return ['sysctl', parts.with(at, interfaceName).join('/'), value];
  });
}

function withLength(address: string, subnet: SubnetDefinition | undefined): string {
  if (subnet === undefined) throw new EngineError('internal', `the address ${address} has no subnet`);
  return `${address}/${parseSubnet(subnet.subnet).length}`;
}

function encode(records: readonly FileRecord[]): Uint8Array {
  return encodeRecords(NETWORK_FILE, records, (op, value) => {
    throw new EngineError('invalid', `the network's ${op} contains a NUL byte: ${JSON.stringify(value)}`, {
      subject: value,
    });
  });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
