import type { Database } from '../../host/database.ts';
import { allNetworks, type NetworkRow } from '../store/networks.ts';
import { type AddressLease, allAddresses } from './addresses.ts';
import { allPorts, type PortLease } from './ports.ts';

/** Networks and leases as they are at one moment, each table read once, by those that ask for many containers. */
export class LeaseView {
  readonly #database: Database;
  #networks: Map<string, NetworkRow> | undefined;
  #addresses: Map<string, AddressLease[]> | undefined;
  #ports: Map<string, PortLease[]> | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  network(id: string): NetworkRow | undefined {
    this.#networks ??= new Map(allNetworks(this.#database).map((row) => [row.definition.id, row]));
    return this.#networks.get(id);
  }

  addressesOf(containerId: string): readonly AddressLease[] {
    this.#addresses ??= Map.groupBy(allAddresses(this.#database), (lease) => lease.containerId);
    return this.#addresses.get(containerId) ?? [];
  }

  portsOf(containerId: string): readonly PortLease[] {
    this.#ports ??= Map.groupBy(allPorts(this.#database), (lease) => lease.containerId);
    return this.#ports.get(containerId) ?? [];
  }
}
