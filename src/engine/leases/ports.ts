import { EngineError } from '../../errors.ts';
import type { Database } from '../../host/database.ts';
import { bracketed } from '../../network/address/address-text.ts';
import type { Protocol, PublishedPort } from '../../network/address/definition.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { leaseHolder } from './holders.ts';

/** A port of the host that a container has. */
export interface PortLease extends PublishedPort {
  containerId: string;
  /** The network of the container by which the ports lead to it. */
  networkId: string;
}

/**
 * Leases ports of the host for a container, all of them or none. Call it in the transaction that begins its start.
 * Throws `conflict`, naming the container that has one, and `OrphanHolds`.
 */
export function leasePorts(
  context: Context,
  { containerId, networkId }: { containerId: string; networkId: string },
  ports: readonly PublishedPort[],
): void {
  for (const port of ports) {
    const holder = containerWithPort(context, port);
    if (holder !== undefined && holder.id !== containerId) throw portTaken(port, holder);
    context.database.run(
      `INSERT OR REPLACE INTO port_lease (protocol, port, address, container_id, container_port, network_id)
       VALUES (?, ?, ?, ?, ?, ?)`,
      port.protocol,
      port.hostPort,
      port.hostAddress,
      containerId,
      port.containerPort,
      networkId,
    );
  }
}

/** The container that has a port of the host at this address, or at one that it is part of. */
export function containerWithPort(
  context: Context,
  { protocol, hostPort, hostAddress }: Pick<PublishedPort, 'protocol' | 'hostPort' | 'hostAddress'>,
): ContainerRow | undefined {
  const rows = context.database.all(
    'SELECT address, container_id FROM port_lease WHERE protocol = ? AND port = ?',
    protocol,
    hostPort,
  );
  for (const row of rows) {
    if (!overlap(row['address'] as string, hostAddress)) continue;
    const holder = leaseHolder(context, row['container_id'] as string);
    if (holder !== undefined) return holder;
  }
  return undefined;
}

/** Whether two addresses of the host are the same, or one is every address of that family. */
export function overlap(one: string, other: string): boolean {
  if (one.includes(':') !== other.includes(':')) return false;
  return one === other || isEvery(one) || isEvery(other);
}

function isEvery(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

function portTaken({ protocol, hostPort, hostAddress }: PublishedPort, { name }: ContainerRow): EngineError {
  const at = bracketed(hostAddress);
  return new EngineError('conflict', `port ${at}:${hostPort}/${protocol} is in use by container ${name}`, {
    subject: `${at}:${hostPort}`,
    failure: 'portTaken',
    remedy: `publish another one, or stop that container (skiff stop ${name})`,
  });
}

export function releasePorts(database: Database, containerId: string): void {
  database.run('DELETE FROM port_lease WHERE container_id = ?', containerId);
}

export function allPorts(database: Database): PortLease[] {
  return database.all('SELECT * FROM port_lease ORDER BY container_port, protocol, address').map((row) => ({
    protocol: row['protocol'] as Protocol,
    hostPort: row['port'] as number,
    hostAddress: row['address'] as string,
    containerId: row['container_id'] as string,
    containerPort: row['container_port'] as number,
    networkId: row['network_id'] as string,
  }));
}

export function portsOf(database: Database, containerId: string): PortLease[] {
  return allPorts(database).filter((lease) => lease.containerId === containerId);
}

/** Makes the container's ports lead to it by another of its networks. */
export function movePorts(database: Database, containerId: string, networkId: string): void {
  database.run('UPDATE port_lease SET network_id = ? WHERE container_id = ?', networkId, containerId);
}
