import { addressBytes, requireAddress } from './address.ts';

/** The first byte of an address that whoever runs the network has made (IEEE 802). */
const LOCAL = 2;

/** The MAC address that Docker gives to an IPv4 address: 02:42, then its bytes. No two on a network are the same. */
export function macOfAddress4(address: string): string {
  const bytes = [LOCAL, 0x42, ...addressBytes(requireAddress(address, 'the address'))];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}
