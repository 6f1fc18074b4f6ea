import { familyOf } from '../../network/address/address-text.ts';
import type { Endpoint } from '../../network/address/definition.ts';
import { type AddressLease, addressesOf } from '../leases/addresses.ts';
import { portsOf } from '../leases/ports.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { networkById } from '../store/networks.ts';
import { endpointOf } from './assign.ts';
import type { ResolvedAttachment } from './attachment.ts';

/** A network that a container is on, with the addresses that it has there. */
export interface RunningAttachment extends ResolvedAttachment {
  own: AddressLease[];
}

/** Returns the networks that a running container is on, in the order of its options. */
export function runningAttachments(
  { database }: Context,
  { id, options }: ContainerRow,
): RunningAttachment[] {
  const leases = addressesOf(database, id);
  return (options.network?.attachments ?? []).flatMap((attachment) => {
    const network = networkById(database, attachment.network);
    const own = leases.filter(({ networkId }) => networkId === attachment.network);
    const [lease] = own;
    if (network === undefined || lease === undefined) return [];
    return [{ network, attachment, own, interfaceName: lease.interfaceName }];
  });
}

/** The endpoints of a container that runs, as they were leased. */
export function runningEndpoints(context: Context, row: ContainerRow): Endpoint[] {
  const ports = portsOf(context.database, row.id);
  return runningAttachments(context, row).map((resolved) => {
    const lease = (family: 4 | 6) => resolved.own.find(({ address }) => familyOf(address) === family);
    const addresses = { address4: lease(4)?.address, address6: lease(6)?.address };
    const leadsOut = { 4: lease(4)?.leadsOut === true, 6: lease(6)?.leadsOut === true };
    return {
      ...endpointOf(resolved, row.id, { ...addresses, leadsOut }),
      ports: ports.filter(({ networkId }) => networkId === resolved.network.definition.id),
    };
  });
}
