/**
 * What Docker calls the id of an endpoint: 64 hex digits that stay the same as long as a container is on a network. The
 * network's and the container's ids are random: one over the other is as good as another random one.
 */
export function endpointId(networkId: string, containerId: string): string {
  const bytes = Buffer.from(networkId, 'hex').map(
    (byte, index) => byte ^ (Buffer.from(containerId, 'hex')[index] ?? 0),
  );
  return Buffer.from(bytes).toString('hex');
}
