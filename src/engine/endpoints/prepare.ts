import type { Endpoint } from '../../network/address/definition.ts';
import type { NameService } from '../../network/files/name-service.ts';
import type { ImageConfig } from '../../oci/image-config.ts';
import type { CreateOptions, NetworkOptions, PortMapping } from '../options/create.ts';
import { interfaceNameOf, isPlain } from '../options/network.ts';
import type { ContainerId } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import {
  attachmentByName,
  type ResolvedAttachment,
  resolveAttachment,
  wantedAttachments,
} from './attachment.ts';
import { containerNameService } from './name-service.ts';

/** The networks of a container to be, found, with all that can be decided before addresses are leased. */
export interface PreparedNetworking {
  /** The options as they are kept: ids in the place of names. */
  readonly options: NetworkOptions;
  readonly attachments: readonly ResolvedAttachment[];
  /** The ports to publish, with the exposed ones that `-P` publishes. */
  readonly mappings: readonly PortMapping[];
  readonly nameService: NameService;
}

/** A container that can be put on its networks: its addresses and ports are leased. */
export interface NetworkedContainer {
  readonly id: ContainerId;
  readonly name: string;
  readonly options: CreateOptions;
  /** Absent: no networks of its own. */
  readonly networking: PreparedNetworking | undefined;
  /** The endpoints, one for each network; empty for a container that is created now and started later. */
  readonly endpoints: readonly Endpoint[];
}

/**
 * Finds the networks that a container is attached to, by name or id, and checks what is asked of each. Undefined for one
 * that has none of its own. Throws `notFound` for a network that is not there (see `provideDefaultNetwork`), `invalid` for
 * what cannot go together.
 */
export async function prepareNetworking(
  context: Context,
  options: CreateOptions,
  image: ImageConfig,
): Promise<PreparedNetworking | undefined> {
  const { namespaces, network } = options;
  if (namespaces.network !== 'networks') return undefined;
  const attachments = withInterfaceNames(
    await Promise.all(wantedAttachments(options).map((each) => resolveAttachment(context, each))),
  );
  await requireDistinct(attachments);
  const mappings = await mappingsOf(network, image);
  return {
    options: {
      ...network,
      attachments: attachments.map(({ network: { definition }, attachment }) => ({
        ...attachment,
        network: definition.id,
      })),
    },
    attachments,
    mappings,
    nameService: containerNameService(
      attachments.map(({ network: { definition } }) => definition),
      network,
    ),
  };
}

/** As `checkDistinct`. Most are on one network, and name no interface. */
async function requireDistinct(attachments: readonly ResolvedAttachment[]): Promise<void> {
  if (attachments.length === 1 && attachments.every(({ attachment }) => isPlain(attachment))) return;
  const { checkDistinct } = await import('../options/check-attachments.ts');
  checkDistinct(attachments.map(attachmentByName));
}

/** `eth0`, `eth1`, ... but for those that have a name. */
function withInterfaceNames(
  attachments: readonly Omit<ResolvedAttachment, 'interfaceName'>[],
): ResolvedAttachment[] {
  const names = attachments.map(({ attachment }) => interfaceNameOf(attachment));
  let next = 0;
  return attachments.map((resolved, index) => {
    let interfaceName = names[index];
    while (interfaceName === undefined) {
      const candidate = `eth${next++}`;
      if (!names.includes(candidate)) interfaceName = candidate;
    }
    return { ...resolved, interfaceName };
  });
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
