import type { NetworkDefinition } from '../../network/address/definition.ts';
import type { BridgePort } from '../../network/files/network-file.ts';
import { hostInterface } from '../../network/interface-name.ts';
import { allAddresses } from '../leases/addresses.ts';
import { allPorts } from '../leases/ports.ts';
import type { Context } from '../store/context.ts';

/**
 * The host's ends of the containers that have addresses on these networks. One that does not run has none; the helper
 * leaves alone what is not there, which costs less than to look at each container.
 */
export function bridgePorts({ database }: Context, networks: readonly NetworkDefinition[]): BridgePort[] {
  const bridges = new Map(
    networks.filter(({ driver }) => driver === 'bridge').map((network) => [network.id, network]),
  );
  const publishing = new Set(
    allPorts(database).map(({ containerId, networkId }) => `${containerId} ${networkId}`),
  );
  const ports = allAddresses(database).flatMap(({ networkId, containerId, interfaceName }) => {
    const network = bridges.get(networkId);
    if (network === undefined) return [];
    const publishes = publishing.has(`${containerId} ${networkId}`);
    return [{ network, hostInterface: hostInterface(containerId, interfaceName), publishes }];
  });
  // Of IPv4 and IPv6 there is an address each.
  return [...new Map(ports.map((port) => [port.hostInterface, port])).values()];
}
