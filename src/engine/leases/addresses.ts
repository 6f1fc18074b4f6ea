import { EngineError } from '../../errors.ts';
import type { Database, Row } from '../../host/database.ts';
import type { SubnetDefinition } from '../../network/address/definition.ts';
import { nextAddress } from '../../network/address/lease-order.ts';
import type { Context } from '../store/context.ts';
import type { NetworkRow } from '../store/networks.ts';
import { leaseHolder } from './holders.ts';

/** An address of a network that a container has. */
export interface AddressLease {
  networkId: string;
  address: string;
  containerId: string;
  interfaceName: string;
  /** Whether this network leads out: in this address's family, all that the container sends elsewhere goes by it. */
  leadsOut: boolean;
}

/** The container that asks for an address, and the address, if not just any will do. */
export interface AddressRequest {
  containerId: string;
  containerName: string;
  interfaceName: string;
  leadsOut: boolean;
  wanted: string | undefined;
  /** The one that it had before: it gets it again if nobody has it. */
  before?: string | undefined;
}

/**
 * Leases an address of one subnet of a network. Call it in the transaction that begins the container's start. Throws
 * `conflict` when the wanted one is somebody's, `unavailable` when all are, `OrphanHolds` when a killed monitor's
 * container has to be cleaned up first.
 */
export function leaseAddress(
  context: Context,
  network: NetworkRow,
  subnet: SubnetDefinition,
  request: AddressRequest,
): string {
  const address = request.wanted ?? chooseAddress(context, network, subnet, request);
  const { definition } = network;
  const holder = holderOf(context, definition.id, address);
  if (holder !== undefined && holder !== request.containerId)
    throw addressTaken(context, definition.name, address, holder);
  context.database.run(
    'INSERT OR REPLACE INTO address_lease (network_id, address, container_id, interface, leads_out) VALUES (?, ?, ?, ?, ?)',
    definition.id,
    address,
    request.containerId,
    request.interfaceName,
    request.leadsOut ? 1 : 0,
  );
  return address;
}

function chooseAddress(
  context: Context,
  { definition, last4, last6 }: NetworkRow,
  subnet: SubnetDefinition,
  { containerId, before }: AddressRequest,
): string {
  const isSix = subnet.subnet.includes(':');
  const isTaken = (address: string): boolean => {
    const holder = holderOf(context, definition.id, address);
    return holder !== undefined && holder !== containerId;
  };
  if (before !== undefined && !isTaken(before)) return before;
  const address = nextAddress(subnet, { last: isSix ? last6 : last4, isTaken });
  if (address === undefined) {
    throw new EngineError(
      'unavailable',
      `no address of network ${definition.name} (${subnet.range ?? subnet.subnet}) is free`,
      {
        subject: definition.name,
        hint: 'stop containers on it, or make a larger network',
        remedy: 'stop containers on it, or make a larger network (skiff network create --subnet)',
      },
    );
  }
  const column = isSix ? 'last6' : 'last4';
  context.database.run(`UPDATE network SET ${column} = ? WHERE id = ?`, address, definition.id);
  return address;
}

/** The container that has an address, if that one still holds it. */
function holderOf(context: Context, networkId: string, address: string): string | undefined {
  const row = context.database.get(
    'SELECT container_id FROM address_lease WHERE network_id = ? AND address = ?',
    networkId,
    address,
  );
  return row === undefined ? undefined : leaseHolder(context, row['container_id'] as string)?.id;
}

function addressTaken(context: Context, network: string, address: string, holder: string): EngineError {
  const row = context.database.get('SELECT name FROM container WHERE id = ?', holder);
  return new EngineError(
    'conflict',
    `address ${address} of network ${network} is in use by container ${(row?.['name'] as string | undefined) ?? holder.slice(0, 12)}`,
    { subject: address, hint: 'choose another one, or leave --ip out' },
  );
}

/** Drops what a container had on one network, or on all. */
export function releaseAddresses(database: Database, containerId: string, networkId?: string): void {
  if (networkId === undefined) database.run('DELETE FROM address_lease WHERE container_id = ?', containerId);
  else
    database.run(
      'DELETE FROM address_lease WHERE network_id = ? AND container_id = ?',
      networkId,
      containerId,
    );
}

/** Returns all leases, of containers that run and of those that did. */
export function allAddresses(database: Database): AddressLease[] {
  return database.all('SELECT * FROM address_lease').map(toLease);
}

export function addressesOf(database: Database, containerId: string): AddressLease[] {
  return database.all('SELECT * FROM address_lease WHERE container_id = ?', containerId).map(toLease);
}

function toLease(row: Row): AddressLease {
  return {
    networkId: row['network_id'] as string,
    address: row['address'] as string,
    containerId: row['container_id'] as string,
    interfaceName: row['interface'] as string,
    leadsOut: row['leads_out'] === 1,
  };
}

/** Makes a network lead out for a container from now on, in the family of the address. */
export function leadOut(database: Database, networkId: string, address: string): void {
  database.run(
    'UPDATE address_lease SET leads_out = 1 WHERE network_id = ? AND address = ?',
    networkId,
    address,
  );
}
