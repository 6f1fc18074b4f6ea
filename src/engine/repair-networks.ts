import { familyOf } from '../network/address-text.ts';
import type { FirewallPort, FirewallState, NetworkDefinition } from '../network/definition.ts';
import { compileBridges, compileRemoval } from '../network/network-file.ts';
import { ruleset } from '../network/nft/ruleset.ts';
import { allAddresses } from './address-leases.ts';
import { bridgePorts } from './bridge-ports.ts';
import type { Context } from './context.ts';
import { enableForwarding, readUplinks } from './forwarding.ts';
import { leaseChecker } from './lease-holders.ts';
import { allNetworks } from './network-store.ts';
import { performNetworkFile, sendToFirewall } from './perform-network.ts';
import { allPorts } from './port-leases.ts';

/**
 * Makes bridges, forwarding and the firewall's table what the rows say, whatever is there. The rows are read again after
 * the table was replaced: what another command has leased meanwhile may have been added to the table that went. Throws
 * `unsupported` where the kernel lacks something, `denied` without the rights.
 */
export async function repairNetworks(context: Context): Promise<void> {
  for (let done = ''; ; ) {
    const networks = allNetworks(context.database).map(({ definition }) => definition);
    const state = firewallState(context, networks);
    const seen = JSON.stringify(state);
    if (seen === done) return;
    const ports = bridgePorts(context, networks);
    await performNetworkFile(context, compileBridges(networks, ports), 'up');
    enableForwarding(context.paths, networks, ports);
    const uplinks = { uplinks4: readUplinks(context.paths, 4), uplinks6: readUplinks(context.paths, 6) };
    await sendToFirewall(context, ruleset({ ...state, ...uplinks }).messages);
    done = seen;
  }
}

/** Takes a network's bridge away. What hangs on it goes with its container. */
export async function removeLinks(context: Context, definition: NetworkDefinition): Promise<void> {
  if (definition.driver === 'bridge') await performNetworkFile(context, compileRemoval(definition), 'down');
}

/** Everything that the firewall should know now, but for the interfaces of the host. */
function firewallState(
  context: Context,
  networks: readonly NetworkDefinition[],
): Omit<FirewallState, 'uplinks4' | 'uplinks6'> {
  return { table: context.paths.table, networks: [...networks], ports: firewallPorts(context) };
}

/** The published ports of what runs or is about to, each with the address that it leads to. */
function firewallPorts(context: Context): FirewallPort[] {
  const addresses = new Map(
    allAddresses(context.database).map(({ networkId, containerId, address }) => [
      `${networkId} ${containerId} ${familyOf(address)}`,
      address,
    ]),
  );
  const holds = leaseChecker(context);
  return allPorts(context.database).flatMap(({ containerId, networkId, ...port }) => {
    const containerAddress = addresses.get(`${networkId} ${containerId} ${familyOf(port.hostAddress)}`);
    return containerAddress !== undefined && holds(containerId) ? [{ ...port, containerAddress }] : [];
  });
}
