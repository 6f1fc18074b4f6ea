import { runProgram } from '../../host/run-program.ts';
import type { NetworkDefinition } from '../../network/address/definition.ts';
import { compileBridges } from '../../network/files/network-file.ts';
import { bridgeAlias } from '../../network/links.ts';
import { WATCHED_CHAIN, WATCHED_RULES } from '../../network/nft/watched-chain.ts';
import type { FailureRecord } from '../../runtime/failure/failure.ts';
import { allAddresses } from '../leases/addresses.ts';
import type { Context } from '../store/context.ts';
import { bridgePorts } from './bridge-ports.ts';
import { missingForwarding } from './forwarding.ts';
import { neededNetworks } from './needed.ts';
import { checkNetworkFile } from './perform.ts';

/** The damage that others have done to the networks that containers are on. */
export interface NetworkDamage {
  /** The firewall's table is not there, or without its rules. */
  isFlushed: boolean;
  /** Families of which the host forwards nothing. */
  forwarding: readonly (4 | 6)[];
  /** Bridges, and ends of containers, that are not as they should be: the step that would fail, for each fault. */
  links: readonly FailureRecord[];
  /** The networks that containers are on. */
  networks: readonly NetworkDefinition[];
}

/**
 * Makes the firewall's table, bridges and forwarding anew if somebody took them away; for commands that show networks or
 * ports, so that what they show is so.
 */
export async function repairIfDamaged(context: Context): Promise<void> {
  const damage = await findDamage(context);
  if (!damage.isFlushed && damage.forwarding.length === 0 && damage.links.length === 0) return;
  const { repairNetworks } = await import('./repair.ts');
  await repairNetworks(context);
}

/** Looks without changing anything. Without containers on networks there is nothing to look at. */
export async function findDamage(context: Context): Promise<NetworkDamage> {
  const used = new Set(allAddresses(context.database).map(({ networkId }) => networkId));
  const networks = neededNetworks(context).filter(({ id }) => used.has(id));
  if (networks.length === 0) return { isFlushed: false, forwarding: [], links: [], networks };
  const [isFlushed, links] = await Promise.all([
    isTableFlushed(context),
    checkNetworkFile(
      context,
      compileBridges(networks, bridgePorts(context, networks), bridgeAlias(context.paths)),
    ),
  ]);
  return { isFlushed, forwarding: missingForwarding(networks), links, networks };
}

async function isTableFlushed({ helper, paths }: Context): Promise<boolean> {
  const words = ['nft', 'intact', paths.table, WATCHED_CHAIN, String(WATCHED_RULES)];
  return (await runProgram(helper, words)).code !== 0;
}
