import { isLoopback, isUnspecified, requireAddress } from '../address/address.ts';
import type { FirewallPort, PublishedPort } from '../address/definition.ts';

/** Addresses of the endpoint that ports lead to. */
export interface PortTarget {
  address4?: string | undefined;
  address6?: string | undefined;
}

const WHAT = 'the address of a published port';

/**
 * The ports of an endpoint that the firewall leads to the container: the kernel translates between addresses of one
 * family only, and never from ::1. Throws `invalid` for an address of the host that is none.
 */
export function firewallPorts(ports: readonly PublishedPort[], target: PortTarget): FirewallPort[] {
  return ports.flatMap((port) => {
    const containerAddress = translatedAddress(port, target);
    return containerAddress === undefined ? [] : [{ ...port, containerAddress }];
  });
}

/**
 * The container's address to which what reaches the port's socket is relayed; undefined: nothing does, as the firewall
 * comes first. What comes to `::` in spite of it was sent to ::1. Messages of SCTP are never relayed. Throws `invalid` for
 * an address that is none.
 */
export function relayAddress(port: PublishedPort, target: PortTarget): string | undefined {
  const host = requireAddress(port.hostAddress, WHAT);
  const everywhere6 = host.family === 6 && isUnspecified(host);
  if (port.protocol === 'sctp') return undefined;
  if (!everywhere6 && translatedAddress(port, target) !== undefined) return undefined;
  return target.address4 ?? target.address6;
}

function translatedAddress(
  { hostAddress }: PublishedPort,
  { address4, address6 }: PortTarget,
): string | undefined {
  const host = requireAddress(hostAddress, WHAT);
  if (host.family === 4) return address4;
  return isLoopback(host) ? undefined : address6;
}
