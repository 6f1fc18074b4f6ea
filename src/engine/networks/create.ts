import { EngineError } from '../../errors.ts';
import { randomHex } from '../../host/random.ts';
import { chooseSubnet4, chooseSubnet6 } from '../../network/address/address-pool.ts';
import type { NetworkDefinition, SubnetDefinition } from '../../network/address/definition.ts';
import { readHostSubnets } from '../../network/address/host-routes.ts';
import { formatSubnet, overlaps, parseSubnet, type Subnet } from '../../network/address/subnet.ts';
import { completeSubnet } from '../../network/address/subnet-definition.ts';
import { SubnetTaken } from '../../network/address/subnet-taken.ts';
import { appendNetworkEvent } from '../events/network.ts';
import type { CreateNetworkOptions, SubnetOptions } from '../options/network.ts';
import { DEFAULT_NETWORK, NETWORK_DRIVERS, PREDEFINED_NETWORKS } from '../options/network.ts';
import type { Context } from '../store/context.ts';
import {
  allNetworks,
  deleteNetwork,
  insertNetwork,
  type NetworkRow,
  networkByName,
} from '../store/networks.ts';
import { driverSettings } from './driver-options.ts';
import { removeLinks, repairNetworks } from './repair.ts';

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/**
 * Makes a network: its row, its bridge, its part of the firewall. Returns its id; nothing is left when it fails. Throws
 * `conflict` for a name that is taken, a subnet or an interface that is in use, `invalid` and `unsupported` for what
 * cannot be.
 */
export async function createNetwork(context: Context, options: CreateNetworkOptions): Promise<string> {
  checkName(options.name);
  const row = await insertOrExplain(context, () => insertDefined(context, options));
  try {
    await repairNetworks(context);
  } catch (error) {
    await removeLinks(context, row.definition);
    context.database.transaction(() => deleteNetwork(context.database, row.definition.id));
    throw error;
  }
  appendNetworkEvent(context, row.definition, 'create');
  return row.definition.id;
}

/**
 * Inserts a network. When no subnet is free for it, the error names stores that were deleted by hand and still hold
 * some.
 */
async function insertOrExplain(context: Context, insert: () => NetworkRow): Promise<NetworkRow> {
  try {
    return insert();
  } catch (error) {
    if (!(error instanceof SubnetTaken)) throw error;
    const { withGoneStores } = await import('./explain-taken.ts');
    throw await withGoneStores(context, error);
  }
}

/**
 * The network that containers are on when nobody says; its row comes with the first of them, as its subnet is chosen by
 * the host's routes of that moment. Its links are made when they are found missing.
 */
export async function defaultNetwork(context: Context): Promise<NetworkRow> {
  const { database } = context;
  const found = networkByName(database, DEFAULT_NETWORK);
  if (found !== undefined) return found;
  const options = { 'com.docker.network.bridge.name': context.paths.bridge };
  try {
    return await insertOrExplain(context, () => insertDefined(context, { name: DEFAULT_NETWORK, options }));
  } catch (error) {
    // Another command was faster.
    const other = networkByName(database, DEFAULT_NETWORK);
    if (other !== undefined) return other;
    throw error;
  }
}

function insertDefined(context: Context, options: CreateNetworkOptions): NetworkRow {
  const { database } = context;
  const host = readHostSubnets();
  return database.transaction(() => {
    const row = {
      definition: define(options, {
        networks: allNetworks(database),
        host,
        configured: context.addressPools,
      }),
      labels: options.labels ?? {},
      options: options.options ?? {},
      createdAt: Date.now(),
    };
    insertNetwork(database, row);
    return { ...row, last4: undefined, last6: undefined };
  });
}

function checkName(name: string): void {
  if (PREDEFINED_NETWORKS.includes(name) || name === 'default') {
    throw new EngineError('denied', `network ${name} is predefined`, {
      subject: name,
      hint: 'choose another name',
    });
  }
  if (NAME.test(name) && name.length <= 255) return;
  throw new EngineError('invalid', `invalid network name: "${name}"`, {
    subject: name,
    hint: 'letters, digits, _, - and dots, of which the last three not at the beginning',
  });
}

/**
 * The pools to choose subnets from, and the subnets that are taken: those of other networks, and those that the host
 * leads packets to.
 */
interface Taken {
  networks: readonly NetworkRow[];
  host: readonly Subnet[];
  /** Pools in the place of the usual ones. */
  configured: string | undefined;
}

function define(options: CreateNetworkOptions, taken: Taken): NetworkDefinition {
  const id = randomHex(32);
  const driver = driverOf(options);
  const settings = driverSettings(driver, options.options ?? {});
  const link = settings.link ?? (driver === 'bridge' ? `sk-${id.slice(0, 12)}` : undefined);
  if (link === undefined) throw noParent(options.name);
  if (driver === 'bridge') refuseTakenLink(link, taken);
  const definition = {
    id,
    name: options.name,
    driver,
    subnets: subnetsOf(options, driver, taken),
    internal: options.internal === true,
    ...(options.attachable === true ? { attachable: true } : {}),
    mtu: 0,
    masquerade: driver === 'bridge' && options.internal !== true,
    isolated: false,
    ...(driver === 'macvlan' ? { macvlanMode: 'bridge' as const } : {}),
    ...settings,
    link,
  };
  return definition;
}

function driverOf({ driver = 'bridge', internal }: CreateNetworkOptions): NetworkDefinition['driver'] {
  if (driver === 'macvlan' && internal === true) {
    throw new EngineError('unsupported', 'a macvlan network cannot be internal', {
      hint: 'give it no gateway and a parent that leads nowhere, or use a bridge',
    });
  }
  const known = NETWORK_DRIVERS.find((each) => each === driver);
  if (known !== undefined) return known;
  throw new EngineError('unsupported', `there is no network driver ${driver || '""'}`, {
    subject: driver,
    hint: `the drivers are ${NETWORK_DRIVERS.join(' and ')}; host and none are networks that exist already`,
  });
}

function noParent(name: string): EngineError {
  return new EngineError('invalid', `macvlan network ${name} needs an interface of the host`, {
    subject: name,
    hint: 'name it with -o parent=INTERFACE',
  });
}

function refuseTakenLink(link: string, { networks }: Taken): void {
  const other = networks.find(({ definition }) => definition.driver === 'bridge' && definition.link === link);
  if (other === undefined) return;
  throw new EngineError('conflict', `bridge ${link} belongs to network ${other.definition.name}`, {
    subject: link,
    hint: 'choose another name for it',
  });
}

/** Returns the subnets that were asked for, else free ones; one of IPv6 when that is asked for. */
function subnetsOf(
  { name, subnets = [], ipv4, ipv6 }: CreateNetworkOptions,
  driver: NetworkDefinition['driver'],
  taken: Taken,
): SubnetDefinition[] {
  const given = subnets.map((subnet) => definedSubnet(subnet, driver));
  for (const { subnet } of given) refuseTakenSubnet(subnet, driver, taken);
  refuseOverlaps(given);
  const isSix = ({ subnet }: SubnetDefinition): boolean => subnet.includes(':');
  const all = [...given];
  const { configured } = taken;
  const state = (): Subnet[] => [...takenSubnets(taken), ...all.map(({ subnet }) => parseSubnet(subnet))];
  if (ipv4 === false && all.some((subnet) => !isSix(subnet)))
    throw contradiction('IPv4 cannot have an IPv4 subnet', { hint: 'leave --ipv4=false or the subnet out' });
  if (ipv6 === false && all.some(isSix))
    throw contradiction('IPv6 cannot have an IPv6 subnet', { hint: 'leave --ipv6=false or the subnet out' });
  if (ipv4 !== false && !all.some((subnet) => !isSix(subnet))) {
    const purpose = name === DEFAULT_NETWORK ? 'bridge' : 'user';
    all.unshift(
      definedSubnet({ subnet: formatSubnet(chooseSubnet4(purpose, { taken: state(), configured })) }, driver),
    );
  }
  if (ipv6 === true && !all.some(isSix))
    all.push(definedSubnet({ subnet: formatSubnet(chooseSubnet6({ taken: state(), configured })) }, driver));
  if (all.length === 0)
    throw contradiction('IPv4 needs IPv6', { hint: 'leave --ipv4=false out, or add --ipv6' });
  return all;
}

function definedSubnet(
  { subnet, gateway, range, auxiliary = {} }: SubnetOptions,
  driver: NetworkDefinition['driver'],
): SubnetDefinition {
  if (subnet === undefined) {
    throw new EngineError('invalid', 'a gateway, a range and auxiliary addresses need a subnet', {
      hint: 'name it with --subnet',
    });
  }
  return completeSubnet({ subnet, gateway, range, auxiliary }, { needsGateway: driver === 'bridge' });
}

function takenSubnets({ networks, host }: Taken): Subnet[] {
  const own = networks.flatMap(({ definition }) =>
    definition.subnets.map(({ subnet }) => parseSubnet(subnet)),
  );
  return [...own, ...host];
}

/** A macvlan is meant to be on a network that the host knows. */
function refuseTakenSubnet(
  text: string,
  driver: NetworkDefinition['driver'],
  { networks, host }: Taken,
): void {
  const subnet = parseSubnet(text);
  for (const { definition } of networks) {
    if (!definition.subnets.some((other) => overlaps(parseSubnet(other.subnet), subnet))) continue;
    throw new EngineError('conflict', `subnet ${text} overlaps with that of network ${definition.name}`, {
      subject: text,
      hint: 'choose another one, or leave --subnet out',
    });
  }
  if (driver === 'macvlan') return;
  const route = host.find((other) => overlaps(other, subnet));
  if (route === undefined) return;
  throw new SubnetTaken(
    'conflict',
    `subnet ${text} overlaps with ${formatSubnet(route)}, to which this host has a route`,
    {
      subject: text,
      hint: 'choose another one, or leave --subnet out',
    },
  );
}

function refuseOverlaps(subnets: readonly SubnetDefinition[]): void {
  const parsed = subnets.map(({ subnet }) => parseSubnet(subnet));
  for (const [index, subnet] of parsed.entries()) {
    const same = parsed.slice(0, index).find(({ family }) => family === subnet.family);
    if (same === undefined) continue;
    throw new EngineError(
      'invalid',
      `a network has one subnet of each family: ${formatSubnet(same)} and ${formatSubnet(subnet)}`,
      {
        subject: formatSubnet(subnet),
        hint: 'make a network for each',
      },
    );
  }
}

function contradiction(what: string, details: { hint: string }): EngineError {
  return new EngineError('invalid', `a network without ${what}`, details);
}
