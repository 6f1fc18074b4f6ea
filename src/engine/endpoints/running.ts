import { familyOf } from '../../network/address/address-text.ts';
import type { Endpoint } from '../../network/address/definition.ts';
import { type AddressLease, addressesOf } from '../leases/addresses.ts';
import { portsOf } from '../leases/ports.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { networkById } from '../store/networks.ts';
import { endpointOf } from './assign.ts';
import type { NetworkJoin } from './attachment.ts';

/** A network that a container is on, with the addresses that it has there. */
export interface RunningJoin extends NetworkJoin {
  own: AddressLease[];
}

/** Those of a container that runs, in the order of its options. */
export function runningJoins({ database }: Context, { id, options }: ContainerRow): RunningJoin[] {
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
  return runningJoins(context, row).map((join) => {
    const lease = (family: 4 | 6) => join.own.find(({ address }) => familyOf(address) === family);
    const addresses = { address4: lease(4)?.address, address6: lease(6)?.address };
    const leadsOut = { 4: lease(4)?.leadsOut === true, 6: lease(6)?.leadsOut === true };
    return {
      ...endpointOf(join, row.id, { ...addresses, leadsOut }),
      ports: ports.filter(({ networkId }) => networkId === join.network.definition.id),
    };
  });
}
