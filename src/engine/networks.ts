import type { NetworkChange } from './endpoints/connect.ts';
import type { DenyingChain } from './networks/foreign-firewall.ts';
import type { NetworkAttachment } from './options/create.ts';
import type { CreateNetworkOptions, NetworkFilters, NetworkInfo } from './options/network.ts';
import type { PruneFilters } from './options/prune.ts';
import type { Context } from './store/context.ts';
import type { NetworkRow } from './store/networks.ts';

/** Use cases of networks. Names are names, ids, or prefixes of ids that fit only one. */
export class Networks {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Returns its id. Throws `conflict` for a name that is taken or a subnet that is in use, `invalid` for what cannot be. */
  async create(options: CreateNetworkOptions): Promise<string> {
    const { createNetwork } = await import('./networks/create.ts');
    return await createNetwork(this.#context, options);
  }

  /** Lists networks by name. */
  async list(filters: NetworkFilters = {}): Promise<NetworkInfo[]> {
    const { listNetworks } = await import('./networks/list.ts');
    return await listNetworks(this.#context, filters);
  }

  /** Throws `notFound`. */
  async get(name: string): Promise<NetworkInfo> {
    const { networkInfo } = await import('./networks/list.ts');
    return await networkInfo(this.#context, name);
  }

  /**
   * Returns what was done to containers. Throws `conflict` while one is on it, unless `force` disconnects them, `denied`
   * for a predefined one.
   */
  async remove(name: string, { force }: { force: boolean }): Promise<NetworkChange[]> {
    const { removableNetwork, removeNetwork } = await import('./networks/remove.ts');
    const row = removableNetwork(this.#context, name);
    const changes = force ? await this.#disconnectAll(row) : [];
    await removeNetwork(this.#context, row);
    return changes;
  }

  /** Removes what no container is on, running or not. Returns their names. */
  async prune(filters: PruneFilters = {}): Promise<string[]> {
    const { pruneNetworks } = await import('./networks/remove.ts');
    return await pruneNetworks(this.#context, filters);
  }

  /** Puts a container on one more network, at once if it runs. Throws `conflict` when it is on it already. */
  async connect(attachment: NetworkAttachment, container: string): Promise<NetworkChange> {
    const { connectContainer } = await import('./endpoints/connect.ts');
    return await connectContainer(this.#context, container, attachment);
  }

  /** Throws `conflict` when it is not on it; with `force` also a container that is gone already is fine. */
  async disconnect(name: string, container: string, options: { force: boolean }): Promise<NetworkChange> {
    const { disconnectContainer } = await import('./endpoints/connect.ts');
    return await disconnectContainer(this.#context, { network: name, container, ...options });
  }

  /** Returns the chains in which the host's own firewall denies by default, for those who publish ports. */
  async foreignFirewall(): Promise<DenyingChain[]> {
    const { foreignFirewall } = await import('./networks/foreign-firewall.ts');
    return await foreignFirewall(this.#context);
  }

  /** Makes bridges and firewall what the rows say: what the helper calls when it finds them missing. */
  async repair(): Promise<void> {
    const { repairForMonitor } = await import('./networks/repair.ts');
    await repairForMonitor(this.#context);
  }

  async #disconnectAll({ definition }: NetworkRow): Promise<NetworkChange[]> {
    const { disconnectAll } = await import('./endpoints/connect.ts');
    return await disconnectAll(this.#context, definition);
  }
}
