import { EngineError } from '../../errors.ts';
import { encodeRecords, type FileRecord } from '../../host/record-file.ts';
import type { PublishedPort } from '../address/definition.ts';
import { type PortTarget, relayAddress } from './published.ts';

export const PORTS_FILE = 'skiff-ports';

/** The file of ports that the monitor holds (src/network/NETWORKS.md). Throws `invalid` for a wrong address. */
export function compilePorts(ports: readonly PublishedPort[], target: PortTarget): Uint8Array {
  return encodeRecords(PORTS_FILE, portRecords(ports, target), (_op, value) => {
    throw new EngineError('invalid', `an address of a port contains a NUL byte: ${JSON.stringify(value)}`);
  });
}

/**
 * Makes a record for each port; with the address and port in the container where data that reaches the socket has to be
 * relayed.
 */
export function portRecords(ports: readonly PublishedPort[], target: PortTarget): FileRecord[] {
  return ports.map((port): FileRecord => {
    const { protocol, hostAddress, hostPort, containerPort } = port;
    const relay = relayAddress(port, target);
    const end = relay === undefined ? ['', ''] : [relay, String(containerPort)];
    return ['port', protocol, hostAddress, String(hostPort), ...end];
  });
}
