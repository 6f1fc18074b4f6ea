import type { CreateOptions, NetworkAttachment } from '../options/create.ts';
import type { Context } from '../store/context.ts';
import { DEFAULT_NETWORK, findNetwork, type NetworkRow, networkByName } from '../store/networks.ts';

/** One network that a container is on. */
export interface NetworkJoin {
  network: NetworkRow;
  attachment: NetworkAttachment;
  /** In the container. */
  interfaceName: string;
}

/** The networks that a container is to be on: the default one when nobody says, none when it has none of its own. */
export function wantedAttachments({ namespaces, network }: CreateOptions): NetworkAttachment[] {
  if (namespaces.network !== 'networks') return [];
  return network?.attachments ?? [{ network: DEFAULT_NETWORK }];
}

/**
 * Finds the network of an attachment, by name or id, and checks the addresses that are asked for. Throws `notFound`, and
 * `invalid` for an address that the network does not have.
 */
export async function findJoin(
  context: Context,
  attachment: NetworkAttachment,
): Promise<Omit<NetworkJoin, 'interfaceName'>> {
  const network = await findAttached(context, attachment.network);
  if (attachment.ip !== undefined || attachment.ip6 !== undefined) {
    const { checkWantedAddresses } = await import('../leases/wanted-addresses.ts');
    return { network, attachment: checkWantedAddresses(network.definition, attachment) };
  }
  return { network, attachment };
}

/** Most are on the default network. */
async function findAttached(context: Context, text: string): Promise<NetworkRow> {
  const found = networkByName(context.database, text);
  if (found !== undefined) return found;
  if (text !== DEFAULT_NETWORK) return findNetwork(context.database, text);
  const { defaultNetwork } = await import('../networks/create.ts');
  return await defaultNetwork(context);
}

/** The name of an attachment's interface in the container, if somebody asks for one. */
export function wantedInterface({ interfaceName, driverOptions }: NetworkAttachment): string | undefined {
  return interfaceName ?? driverOptions?.['com.docker.network.endpoint.ifname'];
}
