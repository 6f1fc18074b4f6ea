import { renameSync } from 'node:fs';
import { writeOwnFile } from '../../host/own-file.ts';
import { familyOf } from '../../network/address/address-text.ts';
import type { FirewallPort, FirewallState, NetworkDefinition } from '../../network/address/definition.ts';
import {
  bridgeMac,
  compileBridges,
  compileRemoval,
  type MadeBridge,
} from '../../network/files/network-file.ts';
import { bridgeAlias } from '../../network/links.ts';
import { ruleset, withoutTable } from '../../network/nft/ruleset.ts';
import { allAddresses } from '../leases/addresses.ts';
import { leaseChecker } from '../leases/holders.ts';
import { allPorts } from '../leases/ports.ts';
import { DEFAULT_NETWORK } from '../options/network.ts';
import type { Context } from '../store/context.ts';
import { asNetworkUser } from '../store/network-user.ts';
import { allNetworks } from '../store/networks.ts';
import { bridgePorts } from './bridge-ports.ts';
import { enableForwarding, readUplinks } from './forwarding.ts';
import { neededNetworks } from './needed.ts';
import { performNetworkFile, sendToFirewall } from './perform.ts';

/**
 * Makes bridges, forwarding and the firewall's table what the rows say, whatever is there. The rows are read again after
 * the table was replaced: what another command has leased meanwhile may have been added to the table that went. Throws
 * `unsupported` where the kernel lacks something, `denied` without the rights.
 */
export async function repairNetworks(context: Context): Promise<void> {
  await asNetworkUser(context, async () => await repairForMonitor(context));
}

/**
 * Repairs networks for a monitor that brings a container up, and so counts as being on networks already. Throws as
 * `repairNetworks`.
 */
export async function repairForMonitor(context: Context): Promise<void> {
  for (let done = ''; ; ) {
    const networks = neededNetworks(context);
    const state = firewallState(context, networks);
    const seen = JSON.stringify(state);
    if (seen === done) return;
    const ports = bridgePorts(context, networks);
    await performNetworkFile(context, compileBridges(networks, ports, bridgeAlias(context.paths)), 'up');
    enableForwarding(context.paths, networks, ports);
    await sendToFirewall(context, firewallMessages(context, state));
    writeLastOut(context);
    done = seen;
  }
}

/** Takes a network's bridge away. What hangs on it goes with its container. */
export async function removeLinks(context: Context, definition: NetworkDefinition): Promise<void> {
  if (definition.driver === 'bridge')
    await performNetworkFile(context, compileRemoval([bridgeOf(definition)]), 'down');
}

function bridgeOf({ id, link }: NetworkDefinition): MadeBridge {
  return { link, mac: bridgeMac(id) };
}

/**
 * Returns the messages that make the firewall's table, or remove it: without networks there is none, unless it keeps
 * this host from forwarding what it did not forward before.
 */
function firewallMessages(
  { paths }: Context,
  state: Omit<FirewallState, 'uplinks4' | 'uplinks6'>,
): Uint8Array {
  const uplinks = { uplinks4: readUplinks(paths, 4), uplinks6: readUplinks(paths, 6) };
  const isNeeded = paths.lastOut === undefined || state.networks.length > 0 || hasUplinks(uplinks);
  return isNeeded ? ruleset({ ...state, ...uplinks }).messages : withoutTable(paths.table);
}

function hasUplinks({ uplinks4, uplinks6 }: Pick<FirewallState, 'uplinks4' | 'uplinks6'>): boolean {
  return uplinks4.length + uplinks6.length > 0;
}

/**
 * Writes what the last container takes along: the default network's bridge, and the table when there is nothing else in
 * it.
 */
function writeLastOut({ database, paths }: Context): void {
  if (paths.lastOut === undefined) return;
  const networks = allNetworks(database).map(({ definition }) => definition);
  const own = networks.find(({ name }) => name === DEFAULT_NETWORK);
  if (own === undefined) return;
  const uplinks = { uplinks4: readUplinks(paths, 4), uplinks6: readUplinks(paths, 6) };
  const isAlone = networks.length === 1 && !hasUplinks(uplinks);
  const file = compileRemoval([bridgeOf(own)], isAlone ? withoutTable(paths.table) : undefined);
  const draft = `${paths.lastOut}.${process.pid}`;
  writeOwnFile(draft, file, 0o600);
  renameSync(draft, paths.lastOut);
}

/** Everything that the firewall should know now, but for the interfaces of the host. */
function firewallState(
  context: Context,
  networks: readonly NetworkDefinition[],
): Omit<FirewallState, 'uplinks4' | 'uplinks6'> {
  return { table: context.paths.table, networks: [...networks], ports: livePorts(context) };
}

/** The published ports of what runs or is about to, each with the address that it leads to. */
function livePorts(context: Context): FirewallPort[] {
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
