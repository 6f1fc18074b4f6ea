import { EngineError } from '../../errors.ts';
import { type Address, formatAddress, parseAddress } from './address.ts';

/** A block of addresses, `172.18.0.0/16`: all that begin with the same bits. */
export interface Subnet {
  family: 4 | 6;
  /** The first address; its host bits are zero. */
  base: bigint;
  /** The number of bits that are the same: 0 to 32, or 0 to 128. */
  length: number;
}

/**
 * Parses a subnet. Throws `invalid`, which names what it is for (`the subnet`), for anything that is no CIDR or has
 * host bits.
 */
export function parseSubnet(text: string, what = 'the subnet'): Subnet {
  const { address, length } = parsePrefix(text, what);
  const subnet = subnetAround(address, length);
  if (subnet.base === address.value) return subnet;
  throw new EngineError('invalid', `${what} ${text} has bits behind its prefix`, {
    subject: text,
    hint: `write ${formatSubnet(subnet)}`,
  });
}

/** An address with the length of its prefix, `172.18.0.1/16`. Throws `invalid` for anything else. */
export function parsePrefix(text: string, what: string): { address: Address; length: number } {
  const slash = text.lastIndexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  const digits = text.slice(slash + 1);
  const length = Number(digits);
  if (address && slash >= 0 && /^(?:0|[1-9]\d{0,2})$/.test(digits) && length <= bitsOf(address.family))
    return { address, length };
  throw new EngineError(
    'invalid',
    `${what} is not an address with the length of its prefix: ${JSON.stringify(text)}`,
    {
      subject: text,
      hint: 'write 172.18.0.0/16, or fd00:1::/64 for IPv6',
    },
  );
}

/** The block with a prefix of this length that the address is in. */
export function subnetAround({ family, value }: Address, length: number): Subnet {
  const hostBits = BigInt(bitsOf(family) - length);
  return { family, base: (value >> hostBits) << hostBits, length };
}

export function formatSubnet({ family, base, length }: Subnet): string {
  return `${formatAddress({ family, value: base })}/${length}`;
}

export function contains(subnet: Subnet, { family, value }: Address): boolean {
  return subnet.family === family && value >= subnet.base && value <= lastAddress(subnet);
}

/** Whether every address of the second is one of the first. */
export function containsSubnet(outer: Subnet, inner: Subnet): boolean {
  return outer.length <= inner.length && overlaps(outer, inner);
}

export function overlaps(one: Subnet, other: Subnet): boolean {
  return one.family === other.family && one.base <= lastAddress(other) && other.base <= lastAddress(one);
}

/** Returns the number of addresses, all counted. */
export function subnetSize({ family, length }: Subnet): bigint {
  return 1n << BigInt(bitsOf(family) - length);
}

export function lastAddress(subnet: Subnet): bigint {
  return subnet.base + subnetSize(subnet) - 1n;
}

/**
 * The first address that a host may have: not that of the network itself (IPv4), nor the one that every router has
 * (IPv6, RFC 4291 2.6.1). Blocks of one or two addresses have neither (RFC 3021, RFC 6164).
 */
export function firstUsable(subnet: Subnet): bigint {
  return subnetSize(subnet) > 2n ? subnet.base + 1n : subnet.base;
}

/** The last one: not that of broadcasts, which IPv6 does not have. */
export function lastUsable(subnet: Subnet): bigint {
  const last = lastAddress(subnet);
  return subnet.family === 4 && subnetSize(subnet) > 2n ? last - 1n : last;
}

/** Returns the number of bits of an address of this family. */
export function bitsOf(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}
