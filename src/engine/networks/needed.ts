import type { NetworkDefinition } from '../../network/address/definition.ts';
import { allAddresses } from '../leases/addresses.ts';
import { leaseChecker } from '../leases/holders.ts';
import { DEFAULT_NETWORK } from '../options/network.ts';
import type { Context } from '../store/context.ts';
import { allNetworks } from '../store/networks.ts';

/**
 * The networks that have links on the host. In a store other than the default one the default network has them while a
 * container is on networks: the last one takes them along (`last-out`), and who only looks does not make them anew.
 */
export function neededNetworks(context: Context): NetworkDefinition[] {
  const networks = allNetworks(context.database).map(({ definition }) => definition);
  const mayRest = context.paths.lastOut !== undefined && !isSomebodyOnNetworks(context);
  return mayRest ? networks.filter(({ name }) => name !== DEFAULT_NETWORK) : networks;
}

/** Whether a container that runs, or is about to, has an address. */
function isSomebodyOnNetworks(context: Context): boolean {
  const holds = leaseChecker(context);
  return allAddresses(context.database).some(({ containerId }) => holds(containerId));
}
