import { readText } from '../../host/read-text.ts';
import { parseAddress } from './address.ts';
import { type Subnet, subnetAround } from './subnet.ts';

/**
 * Routes to more than this stand for everywhere (a default route, the two halves of one that VPNs set): a network's own
 * is the longer one and wins, so they are in nobody's way.
 */
const SHORTEST = { 4: 8, 6: 16 } as const;

/**
 * Returns the subnets of this host's routes, and its own addresses: a new network must not overlap them. Empty without
 * /proc.
 */
export function readHostSubnets(): Subnet[] {
  return [
    ...subnetsOfFibTrie(readText('/proc/net/fib_trie') ?? ''),
    ...subnetsOfIpv6Routes(readText('/proc/net/ipv6_route') ?? ''),
  ];
}

/**
 * /proc/net/fib_trie: every table of IPv4 with routes and local addresses. A leaf is `|-- 10.0.0.0`, then a line for
 * each prefix that begins there: `/24 link UNICAST`.
 */
export function subnetsOfFibTrie(text: string): Subnet[] {
  const found = new Map<string, Subnet>();
  let leaf: string | undefined;
  for (const line of text.split('\n')) {
    const [first = '', second = ''] = line.trimStart().split(' ', 2);
    if (first === '|--') leaf = second;
    else if (first === '+--') leaf = undefined;
    else if (leaf !== undefined && first.startsWith('/')) {
      const length = Number(first.slice(1));
      const address = parseAddress(leaf);
      if (address && length >= SHORTEST[4]) found.set(leaf + first, subnetAround(address, length));
    }
  }
  return [...found.values()];
}

/** /proc/net/ipv6_route: 32 hex digits of the destination, and the length of its prefix in hex, begin each line. */
export function subnetsOfIpv6Routes(text: string): Subnet[] {
  const found = new Map<string, Subnet>();
  for (const line of text.split('\n')) {
    const [, digits, bits = ''] = /^([0-9a-f]{32}) ([0-9a-f]{2}) /.exec(line) ?? [];
    const length = Number.parseInt(bits, 16);
    if (digits && length >= SHORTEST[6])
      found.set(digits + bits, subnetAround({ family: 6, value: BigInt(`0x${digits}`) }, length));
  }
  return [...found.values()];
}
