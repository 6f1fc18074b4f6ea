import type { Endpoint, FirewallPort, NetworkDefinition } from '../../network/address/definition.ts';
import { bridgeRecords, endpointRecords } from '../../network/files/network-file.ts';
import { firewallPorts } from '../../network/files/published.ts';
import { elementsOfNetworks, elementsOfPorts } from '../../network/nft/elements.ts';
import { hostsTexts } from '../endpoints/hosts-texts.ts';
import { readLinks } from '../networks/perform.ts';
import type { PortMapping } from '../options/create.ts';
import type { LeasedContainer } from '../prepare/container.ts';
import type { Context } from '../store/context.ts';

/** A network that the container is on, with the addresses that it would get now. */
export interface ExplainedEndpoint {
  network: string;
  driver: string;
  /** The row of the network is made, too. */
  isNetworkNew: boolean;
  /** The bridge, or the parent of macvlan; whether it is there now. */
  link: string;
  isLinkThere: boolean;
  /** Of a bridge that is not there: how it is made (records as below), and which sets of the firewall's table know it. */
  bridge?: { records: string[][]; sets: string[] } | undefined;
  subnets: string[];
  /** Absent: decided at the start. */
  addresses?: string[] | undefined;
  isAddressAsked: boolean;
  mac?: string | undefined;
  interfaceName: string;
  /** What is done on the host and in the container, in order: records of a network file (src/network/NETWORKS.md). */
  host?: string[][] | undefined;
  container?: string[][] | undefined;
  ports: ExplainedPort[];
}

/** A port of the host that the monitor holds. */
export interface ExplainedPort {
  protocol: string;
  hostAddress: string;
  hostPort: number;
  containerPort: number;
  /** Nobody has named the port of the host: another one may be free by then. */
  isChosen: boolean;
  /** The element of the firewall's table that leads to the container, in the words of nft(8); absent: it is relayed. */
  element?: string | undefined;
}

/** The texts of /etc/resolv.conf and /etc/hosts, and who answers questions for names. */
export interface ExplainedNames {
  resolvConf: string;
  hosts: string;
  /** The resolver of its own asks these, from the host, from the container, or nobody; absent: there is none. */
  resolver?: { upstreams: string[]; forward: string } | undefined;
}

/** The networks in the order of their interfaces. `before` are the ids of those that were there already. */
export async function explainEndpoints(
  context: Context,
  leased: LeasedContainer,
  before: ReadonlySet<string>,
): Promise<ExplainedEndpoint[]> {
  const { networking, endpoints } = leased;
  if (networking === undefined) return [];
  const links = new Set((await readLinks(context).catch(() => [])).map(({ name }) => name));
  return networking.attachments.map(({ network: { definition }, attachment, interfaceName }) => {
    const endpoint = endpoints.find(({ network }) => network.id === definition.id);
    const records = endpoint && recordsOf(endpoint);
    const isLinkThere = links.has(definition.link);
    return {
      network: definition.name,
      driver: definition.driver,
      isNetworkNew: !before.has(definition.id),
      link: definition.link,
      isLinkThere,
      bridge: isLinkThere || definition.driver !== 'bridge' ? undefined : bridgeOf(definition),
      subnets: definition.subnets.map(({ subnet }) => subnet),
      addresses: endpoint && [endpoint.address4, endpoint.address6].filter((each) => each !== undefined),
      isAddressAsked: (attachment.ip ?? attachment.ip6) !== undefined,
      mac: endpoint?.mac ?? attachment.mac,
      interfaceName,
      ...records,
      ports: endpoint === undefined ? [] : portsOf(context, endpoint, networking.mappings),
    };
  });
}

function bridgeOf(definition: NetworkDefinition): ExplainedEndpoint['bridge'] {
  const records = bridgeRecords(definition).map((record) => [...record]);
  return { records, sets: [...elementsOfNetworks([definition]).keys()] };
}

function recordsOf(endpoint: Endpoint): Pick<ExplainedEndpoint, 'host' | 'container'> {
  const records = endpointRecords(endpoint, {}).map((record) => [...record]);
  const at = (op: string) => records.findIndex(([name]) => name === op);
  return {
    host: records.slice(at('host') + 1, at('container')),
    container: records.slice(at('container') + 1, at('teardown')),
  };
}

function portsOf({ paths }: Context, endpoint: Endpoint, mappings: readonly PortMapping[]): ExplainedPort[] {
  return endpoint.ports.map((port) => {
    const { protocol, hostAddress, hostPort, containerPort } = port;
    const [translated] = firewallPorts([port], endpoint);
    const isNamed = mappings.some(
      (mapping) =>
        mapping.protocol === protocol &&
        mapping.containerPort === containerPort &&
        mapping.hostPorts?.first === hostPort &&
        mapping.hostPorts.last === hostPort,
    );
    const element = translated && elementText(paths.table, translated);
    return {
      protocol,
      hostAddress,
      hostPort,
      containerPort,
      isChosen: !isNamed,
      ...(element && { element }),
    };
  });
}

/** As nft(8) writes it: which map an element goes into is for the firewall to say. */
function elementText(table: string, port: FirewallPort): string {
  const [map = ''] = elementsOfPorts([port]).keys();
  const { protocol, hostAddress, hostPort, containerAddress, containerPort } = port;
  const key = [...(map.startsWith('any') ? [] : [hostAddress]), protocol, String(hostPort)].join(' . ');
  return `inet ${table} ${map} { ${key} : ${containerAddress} . ${containerPort} }`;
}

/** The texts that would be written now; undefined: the files are those of the container whose network is shared. */
export async function explainNameService(
  context: Context,
  leased: LeasedContainer,
): Promise<ExplainedNames | undefined> {
  const { networking, runtime, namespaces } = leased;
  if (!namespaces.ownFiles) return undefined;
  const texts = await hostsTexts(context, leased, runtime.namespaces);
  const service = networking?.nameService;
  if (service?.hasResolver !== true) return texts;
  return { ...texts, resolver: { upstreams: [...service.upstreams], forward: service.forward } };
}
