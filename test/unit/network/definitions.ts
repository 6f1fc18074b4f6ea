import type { Endpoint, NetworkDefinition, PublishedPort } from '../../../src/network/address/definition.ts';

export const NETWORK_ID = '0123456789abcdef'.repeat(4);
export const CONTAINER_ID = 'fedcba9876543210'.repeat(4);

export const SUBNET4 = { subnet: '172.18.0.0/20', gateway: '172.18.0.1', auxiliary: {} };
export const SUBNET6 = { subnet: 'fd00:1::/64', gateway: 'fd00:1::1', auxiliary: {} };

/** A bridge network with IPv4, but for the changes. */
export function network(changes: Partial<NetworkDefinition> = {}): NetworkDefinition {
  return {
    id: NETWORK_ID,
    name: 'shop',
    driver: 'bridge',
    subnets: [SUBNET4],
    internal: false,
    link: 'sk-0123456789ab',
    mtu: 0,
    masquerade: true,
    isolated: false,
    ...changes,
  };
}

/** A container on it that leaves through it. */
export function endpoint(changes: Partial<Endpoint> = {}): Endpoint {
  return {
    network: network(),
    containerId: CONTAINER_ID,
    interfaceName: 'eth0',
    hostInterface: 'veth-fedcba98',
    mac: '02:42:ac:12:00:02',
    address4: '172.18.0.2',
    isGateway4: true,
    isGateway6: false,
    ports: [],
    sysctls: {},
    ...changes,
  };
}

/** Port 8080 of the host for port 80. */
export function port(hostAddress: string, changes: Partial<PublishedPort> = {}): PublishedPort {
  return { protocol: 'tcp', hostAddress, hostPort: 8080, containerPort: 80, ...changes };
}
