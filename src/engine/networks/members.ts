import { type AddressLease, allAddresses } from '../leases/addresses.ts';
import { isUp, statusOf } from '../state/status.ts';
import { allContainers, type ContainerRow, containerById, containersNaming } from '../store/containers.ts';
import type { Context } from '../store/context.ts';

/** A running container on a network, with what it has there. */
export interface Member {
  row: ContainerRow;
  networkId: string;
  interfaceName: string;
  address4?: string | undefined;
  address6?: string | undefined;
}

/** The running containers on all networks. */
export function allMembers(context: Context): Member[] {
  const members = new Map<string, Member>();
  const rows = new Map<string, ContainerRow | undefined>();
  for (const lease of allAddresses(context.database)) {
    if (!rows.has(lease.containerId)) rows.set(lease.containerId, runningRow(context, lease.containerId));
    const row = rows.get(lease.containerId);
    if (row !== undefined) addLease(members, row, lease);
  }
  return [...members.values()];
}

/** Returns a container's row; undefined for one that does not run: what it has leased is free. */
function runningRow(context: Context, id: string): ContainerRow | undefined {
  const row = containerById(context.database, id);
  return row !== undefined && isUp(statusOf(context, row)) ? row : undefined;
}

function addLease(
  members: Map<string, Member>,
  row: ContainerRow,
  { networkId, address, interfaceName }: AddressLease,
): void {
  const key = `${networkId} ${row.id}`;
  const member = members.get(key) ?? { row, networkId, interfaceName };
  members.set(key, { ...member, ...(address.includes(':') ? { address6: address } : { address4: address }) });
}

/** The running containers on a network that has no links: those of that mode. */
export function runningWithout(context: Context, mode: 'host' | 'none'): ContainerRow[] {
  return allContainers(context.database).filter(
    (row) => row.options.namespaces.network === mode && isUp(statusOf(context, row)),
  );
}

/** The containers, running or not, whose options name a network: those that it cannot go without. */
export function attachedContainers({ database }: Context, networkId: string): ContainerRow[] {
  return containersNaming(database, networkId);
}
