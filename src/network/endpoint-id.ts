/**
 * Returns an endpoint's id, as Docker has it: 64 hex digits that stay the same as long as a container is on a network.
 * The network's and the container's ids are random, so their exclusive or is as random as either.
 */
export function endpointId(networkId: string, containerId: string): string {
  const bytes = Buffer.from(networkId, 'hex').map(
    (byte, index) => byte ^ (Buffer.from(containerId, 'hex')[index] ?? 0),
  );
  return Buffer.from(bytes).toString('hex');
}
