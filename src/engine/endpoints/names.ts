import type { NetworkDefinition } from '../../network/address/definition.ts';
import { namesOf } from '../../network/files/names-file.ts';
import type { NetworkAttachment } from '../options/create.ts';
import { DEFAULT_NETWORK } from '../options/network.ts';
import type { ContainerRow } from '../store/containers.ts';

/**
 * Returns the names by which others on a network find a container there, and the names of its addresses. None on the
 * default network.
 */
export function endpointNames(
  { id, name, options }: Pick<ContainerRow, 'id' | 'name' | 'options'>,
  network: Pick<NetworkDefinition, 'name'>,
  { aliases = [] }: Pick<NetworkAttachment, 'aliases'>,
): { names: string[]; reverse: string[] } {
  if (network.name === DEFAULT_NETWORK) return { names: [], reverse: [] };
  const hostname = options.namespaces.hostname ?? id.slice(0, 12);
  const { names, reverse } = namesOf({ name, containerId: id, hostname, aliases, network: network.name });
  return { names: [...names], reverse: [...reverse] };
}
