import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import type { Endpoint } from '../../network/address/definition.ts';
import type { NameService } from '../../network/files/name-service.ts';
import { checkInterfaceName } from '../../network/interface-name.ts';
import type { ImageConfig } from '../../oci/image-config.ts';
import type { CreateOptions, NetworkOptions, PortMapping } from '../options/create.ts';
import type { ContainerId } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { DEFAULT_NETWORK } from '../store/networks.ts';
import { findJoin, type NetworkJoin, wantedAttachments, wantedInterface } from './attachment.ts';
import { containerNameService } from './name-service.ts';

/** The networks of a container to be, found, with all that can be decided before addresses are leased. */
export interface PreparedNetworking {
  /** As they are kept: ids in the place of names. */
  options: NetworkOptions;
  joins: NetworkJoin[];
  /** With the exposed ports that `-P` publishes. */
  mappings: PortMapping[];
  nameService: NameService;
}

/** A container that can be put on its networks: its addresses and ports are leased. */
export interface NetworkedContainer {
  id: ContainerId;
  name: string;
  options: CreateOptions;
  /** Absent: no networks of its own. */
  networking: PreparedNetworking | undefined;
  /** One for each network; none of one that is made now and started later. */
  endpoints: readonly Endpoint[];
}

/**
 * Finds the networks that a container joins, by name or id, and checks what is asked of each. Undefined for one that
 * has none of its own. Throws `notFound` for a network that is not there (see `provideDefaultNetwork`), `invalid` for
 * what cannot go together.
 */
export async function prepareNetworking(
  context: Context,
  options: CreateOptions,
  image: ImageConfig,
): Promise<PreparedNetworking | undefined> {
  const { namespaces, network } = options;
  if (namespaces.network !== 'networks') return undefined;
  const joins = namedJoins(
    await Promise.all(wantedAttachments(options).map((each) => findJoin(context, each))),
  );
  checkJoins(joins);
  const mappings = await mappingsOf(network, image);
  if (mappings.length > 0) refuseUnpublishable(joins);
  return {
    options: {
      ...network,
      attachments: joins.map(({ network: { definition }, attachment }) => ({
        ...attachment,
        network: definition.id,
      })),
    },
    joins,
    mappings,
    nameService: containerNameService(
      joins.map(({ network: { definition } }) => definition),
      network,
    ),
  };
}

/** `eth0`, `eth1`, ... but for those that have a name. */
function namedJoins(joins: readonly Omit<NetworkJoin, 'interfaceName'>[]): NetworkJoin[] {
  const names = joins.map(({ attachment }) => wantedInterface(attachment));
  let next = 0;
  return joins.map((join, index) => {
    let interfaceName = names[index];
    while (interfaceName === undefined) {
      const candidate = `eth${next++}`;
      if (!names.includes(candidate)) interfaceName = candidate;
    }
    return { ...join, interfaceName };
  });
}

function checkJoins(joins: readonly NetworkJoin[]): void {
  const seen = new Map<string, NetworkJoin>();
  const names = new Set<string>();
  for (const join of joins) {
    const { id, name } = join.network.definition;
    if (seen.has(id)) throw new EngineError('invalid', `network ${name} is named twice`, { subject: name });
    if (names.has(join.interfaceName))
      throw new EngineError('invalid', `two interfaces cannot both be ${join.interfaceName}`, {
        subject: join.interfaceName,
      });
    checkInterfaceName(join.interfaceName);
    if (name === DEFAULT_NETWORK && (join.attachment.aliases ?? []).length > 0) {
      throw new EngineError(
        'invalid',
        `the network ${DEFAULT_NETWORK} has no names: aliases are for networks that you make`,
        {
          subject: DEFAULT_NETWORK,
          hint: 'make one with skiff network create, and join it with --network',
        },
      );
    }
    seen.set(id, join);
    names.add(join.interfaceName);
  }
}

/** The exposed ports of image and user are published only if somebody says so. */
async function mappingsOf(network: NetworkOptions | undefined, image: ImageConfig): Promise<PortMapping[]> {
  const named = network?.publish ?? [];
  if (network?.publishAll !== true) return named;
  const { exposedPorts } = await import('../options/exposed-ports.ts');
  const isNamed = ({ protocol, port }: { protocol: string; port: number }): boolean =>
    named.some((mapping) => mapping.protocol === protocol && mapping.containerPort === port);
  const others = exposedPorts(image, network).filter((exposed) => !isNamed(exposed));
  return [...named, ...others.map(({ protocol, port }) => ({ protocol, containerPort: port }))];
}

/** Docker publishes nothing then and does not say so. */
function refuseUnpublishable(joins: readonly NetworkJoin[]): void {
  if (joins.some(({ network: { definition } }) => definition.driver === 'bridge' && !definition.internal))
    return;
  const [join] = joins;
  const name = join?.network.definition.name ?? '';
  throw new EngineError('invalid', `ports cannot be published on network ${name}`, {
    subject: name,
    hint: 'nothing leads into an internal network, and macvlan has addresses of its own: join a bridge network as well',
  });
}

/** Where the files of a container's networks lie. */
export function networkPaths({ paths }: Context, id: string) {
  return {
    directory: join(paths.run, id, 'networks'),
    ports: join(paths.run, id, 'ports'),
    resolver: join(paths.names, 'containers', id),
    resolverRules: join(paths.run, id, 'resolver-rules'),
    names: (networkId: string) => join(paths.names, 'networks', networkId, id),
  };
}
