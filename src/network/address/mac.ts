import { addressBytes, formatAddress, requireAddress } from './address.ts';

/** The first byte of an address that whoever runs the network has made (IEEE 802). */
const LOCAL = 2;

/** The MAC address that Docker gives to an IPv4 address: 02:42, then its bytes. No two on a network are the same. */
export function macOfAddress4(address: string): string {
  const bytes = [LOCAL, 0x42, ...addressBytes(requireAddress(address, 'the address'))];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** The address of a link that IPv6 makes of a MAC address (RFC 4291, appendix A), as the kernel does by default. */
export function linkLocalOfMac(mac: string): string {
  const [first = 0, ...rest] = mac.split(':').map((byte) => Number.parseInt(byte, 16));
  const bytes = [first ^ 2, ...rest.slice(0, 2), 0xff, 0xfe, ...rest.slice(2)];
  const value = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0xfe80n << 48n);
  return formatAddress({ family: 6, value });
}
