import { EngineError } from '../../errors.ts';
import type { NetworkDefinition } from '../../network/address/definition.ts';
import { subnetOf } from '../../network/address/subnet-of.ts';
import { endpointId } from '../../network/endpoint-id.ts';
import { macOf } from '../../network/interface-name.ts';
import { hasLabels, matcher } from '../options/filters.ts';
import type { NetworkFilters, NetworkInfo, NetworkMember } from '../options/network.ts';
import { DEFAULT_NETWORK, WITHOUT_LINKS, withoutLinks } from '../options/network.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { allNetworks, findNetwork, type NetworkRow } from '../store/networks.ts';
import { defaultNetwork } from './create.ts';
import { repairIfDamaged } from './damage.ts';
import { allMembers, attachedContainers, type Member, runningWithout } from './members.ts';

/** The networks that fit the filters, by name; the predefined ones are among them. */
export async function listNetworks(context: Context, filters: NetworkFilters): Promise<NetworkInfo[]> {
  await tryDefaultNetwork(context);
  await repairIfDamaged(context);
  const members = allMembers(context);
  const infos = allNetworks(context.database).map((row) => infoOf(row, members));
  return [...infos, ...WITHOUT_LINKS.map((known) => linkless(known))]
    .filter((info) => fits(context, info, filters))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Makes the default network if it can be made; when it cannot, the others are shown all the same. */
async function tryDefaultNetwork(context: Context): Promise<void> {
  try {
    await defaultNetwork(context);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
  }
}

/** Returns a network, by name, id, or a prefix of its id. Throws `notFound`. */
export async function networkInfo(context: Context, text: string): Promise<NetworkInfo> {
  if (text === DEFAULT_NETWORK) await defaultNetwork(context);
  const builtin = withoutLinks(text);
  if (builtin !== undefined) return linkless(builtin, runningWithout(context, builtin.name));
  return infoOf(findNetwork(context.database, text), allMembers(context));
}

function linkless(
  { id, name, driver }: (typeof WITHOUT_LINKS)[number],
  rows: readonly ContainerRow[] = [],
): NetworkInfo {
  return {
    id,
    name,
    driver,
    createdAt: 0,
    internal: false,
    attachable: false,
    ipv4: true,
    ipv6: false,
    subnets: [],
    options: {},
    labels: {},
    containers: rows.map((row) => ({
      containerId: row.id,
      name: row.name,
      endpointId: endpointId(id, row.id),
      mac: '',
    })),
  };
}

function infoOf(
  { definition, labels, options, createdAt }: NetworkRow,
  members: readonly Member[],
): NetworkInfo {
  const { id, name, driver, internal, subnets } = definition;
  return {
    id,
    name,
    driver,
    createdAt,
    internal,
    attachable: definition.attachable === true,
    ipv4: subnetOf(subnets, 4) !== undefined,
    ipv6: subnetOf(subnets, 6) !== undefined,
    subnets,
    options: { ...defaultOptions(definition), ...options },
    labels,
    containers: members
      .filter(({ networkId }) => networkId === id)
      .map((member) => memberOf(definition, member)),
  };
}

/** What the kernel gives a bridge. */
const ETHERNET_MTU = 1500;

/** Returns the options that Docker shows of its default network. */
function defaultOptions({ name, link, mtu }: NetworkDefinition): Record<string, string> {
  if (name !== DEFAULT_NETWORK) return {};
  return {
    'com.docker.network.bridge.default_bridge': 'true',
    'com.docker.network.bridge.enable_icc': 'true',
    'com.docker.network.bridge.enable_ip_masquerade': 'true',
    'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
    'com.docker.network.bridge.name': link,
    'com.docker.network.driver.mtu': String(mtu || ETHERNET_MTU),
  };
}

function memberOf(
  { id, subnets }: NetworkDefinition,
  { row, interfaceName, address4, address6 }: Member,
): NetworkMember {
  const withPrefix = (address: string | undefined, family: 4 | 6): string | undefined =>
    address && `${address}/${subnetOf(subnets, family)?.subnet.split('/')[1] ?? ''}`;
  const attachment = row.options.network?.attachments.find(({ network }) => network === id);
  return {
    containerId: row.id,
    name: row.name,
    endpointId: endpointId(id, row.id),
    mac: attachment?.mac ?? macOf(row.id, interfaceName, address4),
    address4: withPrefix(address4, 4),
    address6: withPrefix(address6, 6),
  };
}

function fits(context: Context, info: NetworkInfo, filters: NetworkFilters): boolean {
  const any = (values: readonly string[] | undefined, test: (value: string) => boolean): boolean =>
    values === undefined || values.some(test);
  return (
    any(filters.driver, (driver) => driver === info.driver) &&
    any(filters.id, (id) => matcher([id])(info.id)) &&
    any(filters.name, (name) => matcher([name])(info.name)) &&
    any(filters.scope, (scope) => scope === 'local') &&
    any(filters.type, (type) => (type === 'builtin') === isPredefined(info)) &&
    hasLabels(info.labels, filters.label ?? []) &&
    (filters.dangling === undefined || filters.dangling === isDangling(context, info))
  );
}

function isPredefined({ name }: NetworkInfo): boolean {
  return name === DEFAULT_NETWORK || WITHOUT_LINKS.some((known) => known.name === name);
}

/** Whether no running container is on a network, and it is not one of those that are always there. */
function isDangling(context: Context, info: NetworkInfo): boolean {
  return !isPredefined(info) && attachedContainers(context, info.id).length === 0;
}
