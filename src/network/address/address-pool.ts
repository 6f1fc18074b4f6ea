import { EngineError } from '../../errors.ts';
import {
  bitsOf,
  formatSubnet,
  lastAddress,
  overlaps,
  parseSubnet,
  type Subnet,
  subnetSize,
} from './subnet.ts';
import { SubnetTaken } from './subnet-taken.ts';

/** A block from which networks get their subnets, all of one size: Docker's `default-address-pools`. */
export interface AddressPool {
  base: Subnet;
  /** The length of the prefix of each. */
  size: number;
}

const pool = (base: string, size: number): AddressPool => ({ base: parseSubnet(base), size });

/** Returns the pools where the network `bridge` looks: Docker's 172.17.0.0/16 first. */
function poolsOfBridge(): AddressPool[] {
  const sixteens = ['172.17.0.0/16', '172.18.0.0/15', '172.20.0.0/14', '172.24.0.0/13', '172.16.0.0/16'];
  return [...sixteens.map((base) => pool(base, 16)), ...poolsOfUsers()];
}

/** Returns the pools for networks that users make without a subnet. */
function poolsOfUsers(): AddressPool[] {
  const twenties = ['172.18.0.0/15', '172.20.0.0/14', '172.24.0.0/13', '192.168.0.0/16'];
  return [...twenties.map((base) => pool(base, 20)), pool('10.64.0.0/10', 24)];
}

/** The facts from which a network's subnet is chosen. */
export interface PoolState {
  /** Subnets of networks, routes and addresses of the host: what is chosen overlaps none of them. */
  taken: readonly Subnet[];
  /** Pools in the place of these (`parseAddressPools`). */
  configured?: string | undefined;
}

/**
 * The IPv4 subnet of a network: of the one named `bridge`, or of one that a user makes. Throws `unavailable` when no
 * pool has one left, and `invalid` when the pools' text is wrong.
 */
export function chooseSubnet4(purpose: 'bridge' | 'user', { taken, configured }: PoolState): Subnet {
  const pools = configured
    ? parseAddressPools(configured)
    : purpose === 'bridge'
      ? poolsOfBridge()
      : poolsOfUsers();
  const found = firstFree(pools, 4, taken);
  if (found) return found;
  throw new SubnetTaken(
    'unavailable',
    'no subnet is free for another network: all of the address pools are taken',
    {
      hint: 'remove networks that nobody uses, name a --subnet, or other pools in SKIFF_ADDRESS_POOLS',
    },
  );
}

/** The IPv6 subnet of a network: from configured pools that have some, else one nobody else has (RFC 4193), at random. */
export function chooseSubnet6({ taken, configured }: PoolState): Subnet {
  const found = configured ? firstFree(parseAddressPools(configured), 6, taken) : undefined;
  for (let subnet = found ?? randomUniqueLocal(); ; subnet = randomUniqueLocal())
    if (!taken.some((other) => overlaps(subnet, other))) return subnet;
}

/**
 * `base=10.10.0.0/16,size=24;base=10.20.0.0/16,size=26`, as Docker's dockerd takes each of them. Throws `invalid`,
 * which quotes the part that is wrong.
 */
export function parseAddressPools(text: string): AddressPool[] {
  const parts = text.split(';').map((part) => part.trim());
  return parts.filter((part) => part !== '').map(parsePool);
}

function parsePool(text: string): AddressPool {
  const fields = new Map<string, string>();
  for (const word of text.split(',')) {
    const [key = '', value] = word.trim().split('=', 2);
    if (!['base', 'size'].includes(key) || value === undefined || fields.has(key)) throw malformed(text);
    fields.set(key, value);
  }
  const [base, digits] = [fields.get('base'), fields.get('size')];
  if (base === undefined || digits === undefined || !/^\d{1,3}$/.test(digits)) throw malformed(text);
  const subnet = parseSubnet(base, 'the base of an address pool');
  const size = Number(digits);
  // Smaller ones have no room for a gateway and a container.
  if (size < subnet.length || size > bitsOf(subnet.family) - 2)
    throw malformed(text, `a subnet of /${size} does not fit into ${formatSubnet(subnet)}`);
  return { base: subnet, size };
}

function firstFree(
  pools: readonly AddressPool[],
  family: 4 | 6,
  taken: readonly Subnet[],
): Subnet | undefined {
  for (const { base, size } of pools) {
    if (base.family !== family) continue;
    const inTheWay = taken.filter((other) => overlaps(base, other));
    const end = lastAddress(base);
    let candidate: Subnet = { family, base: base.base, length: size };
    const step = subnetSize(candidate);
    while (candidate.base <= end) {
      const other = inTheWay.find((subnet) => overlaps(candidate, subnet));
      if (!other) return candidate;
      // Past all of what overlaps: a subnet may be larger than those of the pool.
      const past = lastAddress(other) + 1n - base.base;
      candidate = { ...candidate, base: base.base + ((past + step - 1n) / step) * step };
    }
  }
  return undefined;
}

/** fd, 40 random bits, subnet 0: a /64. */
function randomUniqueLocal(): Subnet {
  const random = globalThis.crypto.getRandomValues(new Uint8Array(5));
  let prefix = 0xfdn;
  for (const byte of random) prefix = (prefix << 8n) | BigInt(byte);
  return { family: 6, base: prefix << 80n, length: 64 };
}

function malformed(text: string, why = 'it is not base=SUBNET,size=BITS'): EngineError {
  return new EngineError('invalid', `the address pool ${JSON.stringify(text)} cannot be used: ${why}`, {
    subject: text,
    hint: 'SKIFF_ADDRESS_POOLS looks like base=10.10.0.0/16,size=24;base=10.20.0.0/16,size=24',
  });
}
