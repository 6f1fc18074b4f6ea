import type { ExplainedContainer } from '../../engine/explain/container.ts';
import type { ExplainedEndpoint, ExplainedNames, ExplainedPort } from '../../engine/explain/networks.ts';
import { bracketed } from '../../network/address/address-text.ts';
import { line, type SheetLine } from '../text/sheet.ts';

/** Networks with what is done on the host and in the container for them; whose network it is when it has none. */
export function networkLines({ networks, namespaces }: ExplainedContainer): SheetLine[] {
  if (networks.length > 0) return networks.flatMap(endpointLines);
  const namespace = namespaces.find(({ type }) => type === 'network');
  if (namespace?.how === 'host') return [line(['host', 'the interfaces and ports of the host'], true)];
  if (namespace?.how === 'joined')
    return [line(['shared', `that of container ${namespace.container}`], true)];
  return [line(['none', 'nothing but its own loopback'], true)];
}

function endpointLines(endpoint: ExplainedEndpoint): SheetLine[] {
  const { network, driver, isNetworkNew, link, subnets, addresses, host = [], container = [] } = endpoint;
  const on = driver === 'bridge' ? `bridge ${link}` : `${driver} on ${link}`;
  const isNew = isNetworkNew ? ', which is new: its subnet is chosen now' : '';
  return [
    line([network, `${on}, ${subnets.join(', ')}${isNew}`]),
    ...bridgeLines(endpoint),
    ...(addresses === undefined ? [line(['addresses', 'leased when it is started'])] : []),
    ...host.map((record) => line(['on the host', recordText(record)])),
    ...container.map((record) =>
      line(['inside', recordText(record)], record[0] === 'address' && endpoint.isAddressAsked),
    ),
    ...endpoint.ports.flatMap(portLines),
  ];
}

/** What the rules of the firewall's table make of a network in each of its sets (network/nft/ruleset.ts). */
const SETS: Readonly<Record<string, (link: string, subnets: string) => string>> = {
  bridges: (link) => `nothing is passed on to ${link} but answers, and what comes by published ports`,
  same: (link) => `containers on ${link} reach each other`,
  own4: (_, subnets) => `who comes back to ${subnets} by a published port is answered through the host`,
  sources4: (_, subnets) => `what leaves ${subnets} is masqueraded`,
  internal: (link) => `nothing is passed on from ${link}, or to it`,
};

/** How a bridge is made that is not there. */
function bridgeLines({ bridge, link, subnets }: ExplainedEndpoint): SheetLine[] {
  if (bridge === undefined) return [];
  const words = (set: string) => SETS[set.replace(/6$/, '4')]?.(link, subnets.join(' and ')) ?? set;
  return [
    ...bridge.records.map((record) => line(['made first', recordText(record)])),
    ...[...new Set(bridge.sets.map(words))].map((text) => line(['firewall', text])),
  ];
}

/** A step of a network file in words (src/network/NETWORKS.md). */
function recordText([op = '', ...words]: readonly string[]): string {
  const [first = '', second = '', third = '', fourth = ''] = words;
  switch (op) {
    case 'veth':
      return `pair of interfaces ${first} on ${second} and ${third} inside (${fourth})`;
    case 'bridge':
      return `bridge ${first}`;
    case 'macvlan':
      return `${second} on ${first} (${third})`;
    case 'address':
      return `${first} has ${second}`;
    case 'route':
      return `${second === 'default' ? 'everything else' : second} by ${third}, ${first}`;
    case 'up':
      return `${first} is up`;
    case 'sysctl':
      return `${first.replaceAll('/', '.')} = ${second}`;
    case 'sysctl-optional':
      return `${first.replaceAll('/', '.')} = ${second}, if there is such a thing`;
    default:
      return [op, ...words].join(' ');
  }
}

function portLines(port: ExplainedPort): SheetLine[] {
  const { hostAddress, hostPort, protocol, containerPort, isChosen, element } = port;
  const chosen = isChosen ? ', free now' : '';
  return [
    line(
      ['port held', `${bracketed(hostAddress)}:${hostPort}/${protocol} for ${containerPort}${chosen}`],
      true,
    ),
    line(element === undefined ? ['', 'relayed by its monitor'] : ['firewall', `nft add element ${element}`]),
  ];
}

/** Who answers its questions for names. */
export function nameLines(names: ExplainedNames | undefined): SheetLine[] {
  if (names === undefined) return [line(['shared', 'those of the container whose network it has'])];
  const { resolvConf, hosts, resolver } = names;
  const lines = (text: string) => text.split('\n').filter((each) => each !== '' && !each.startsWith('#'));
  return [
    ...lines(resolvConf).map((each) => line(['resolv.conf', each])),
    ...(resolver === undefined ? [] : [line(['resolver', resolverText(resolver)])]),
    ...lines(hosts).map((each) => line(['hosts', each.replace(/\t/g, ' ')])),
  ];
}

function resolverText({ upstreams, forward }: NonNullable<ExplainedNames['resolver']>): string {
  const own = 'a process of its own that knows the containers of its networks';
  if (forward === 'none' || upstreams.length === 0) return `${own}, and asks nobody else`;
  return `${own}, and asks ${upstreams.join(', ')} from ${forward === 'host' ? 'the host' : 'inside'}`;
}
