import type { CreateOptions, NetworkAttachment } from '../options/create.ts';
import { DEFAULT_NETWORK } from '../options/network.ts';
import type { Context } from '../store/context.ts';
import { findNetwork, type NetworkRow, networkByName } from '../store/networks.ts';

/** A network that a container is on, found, with what is asked of it there. */
export interface ResolvedAttachment {
  readonly network: NetworkRow;
  readonly attachment: NetworkAttachment;
  /** The interface's name in the container. */
  readonly interfaceName: string;
}

/** The networks that a container is to be on: the default one when nobody says, none when it has none of its own. */
export function wantedAttachments({ namespaces, network }: CreateOptions): NetworkAttachment[] {
  if (namespaces.network !== 'networks') return [];
  return network?.attachments ?? [{ network: DEFAULT_NETWORK }];
}

/**
 * Makes the row of the default network if a container is to be on it and there is none yet. Call it before networks are
 * looked up, as that writes nothing. Throws `unavailable` when no subnet is free.
 */
export async function provideDefaultNetwork(
  context: Context,
  attachments: readonly Pick<NetworkAttachment, 'network'>[],
): Promise<void> {
  if (!attachments.some(({ network }) => network === DEFAULT_NETWORK)) return;
  if (networkByName(context.database, DEFAULT_NETWORK) !== undefined) return;
  const { defaultNetwork } = await import('../networks/create.ts');
  await defaultNetwork(context);
}

/**
 * Finds the network of an attachment, by name or id, and checks the addresses that are asked for. Throws `notFound`, and
 * `invalid` for an address that the network does not have.
 */
export async function resolveAttachment(
  { database }: Context,
  attachment: NetworkAttachment,
): Promise<Omit<ResolvedAttachment, 'interfaceName'>> {
  const network = findNetwork(database, attachment.network);
  if (attachment.ip !== undefined || attachment.ip6 !== undefined) {
    const { checkWantedAddresses } = await import('../leases/wanted-addresses.ts');
    return { network, attachment: checkWantedAddresses(network.definition, attachment) };
  }
  return { network, attachment };
}

/**
 * Returns what is asked of a network, with the network's name: a container may have been put on one network by its name
 * and by its id.
 */
export function attachmentByName({
  network,
  attachment,
}: Omit<ResolvedAttachment, 'interfaceName'>): NetworkAttachment {
  return { ...attachment, network: network.definition.name };
}
