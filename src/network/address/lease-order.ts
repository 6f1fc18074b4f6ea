import { formatAddress, requireAddress } from './address.ts';
import type { SubnetDefinition } from './definition.ts';
import { contains, firstUsable, lastAddress, lastUsable, parseSubnet } from './subnet.ts';

/** The state of a subnet's addresses when another one is to be handed out. */
export interface LeaseState {
  /** The one that was handed out last; absent: none yet. */
  last?: string | undefined;
  /** Whether somebody has it; asked for one address after the other, in the spelling of `formatAddress`. */
  isTaken: (address: string) => boolean;
}

/**
 * The address that is handed out next: the first free one behind the last, from the beginning again at the end, so
 * that one which was just left is not taken at once. Never the network's own, the gateway's, or an auxiliary one.
 * Undefined when all are taken. One look when the next is free.
 */
export function nextAddress(definition: SubnetDefinition, { last, isTaken }: LeaseState): string | undefined {
  const subnet = parseSubnet(definition.subnet);
  const range = definition.range === undefined ? subnet : parseSubnet(definition.range, 'the range');
  const first = larger(range.base, firstUsable(subnet));
  const end = smaller(lastAddress(range), lastUsable(subnet));
  if (first > end) return undefined;

  const reserved = reservedAddresses(definition);
  const start = last === undefined ? first : behind(last, first, end);
  const { family } = subnet;
  let value = start;
  do {
    const address = formatAddress({ family, value });
    if (!reserved.has(address) && !isTaken(address)) return address;
    value = value === end ? first : value + 1n;
  } while (value !== start);
  return undefined;
}

/** Whether somebody may ask for this address by name (`--ip`): it lies in the subnet and nobody else has it for good. */
export function isLeasable(definition: SubnetDefinition, address: string): boolean {
  const subnet = parseSubnet(definition.subnet);
  const asked = requireAddress(address, 'the address');
  return (
    contains(subnet, asked) &&
    asked.value >= firstUsable(subnet) &&
    asked.value <= lastUsable(subnet) &&
    !reservedAddresses(definition).has(formatAddress(asked))
  );
}

/** Returns the addresses that are never handed out, in one spelling. */
function reservedAddresses({ gateway, auxiliary }: SubnetDefinition): Set<string> {
  const reserved = new Set<string>();
  if (gateway !== undefined) reserved.add(formatAddress(requireAddress(gateway, 'the gateway')));
  for (const name in auxiliary)
    reserved.add(formatAddress(requireAddress(auxiliary[name] ?? '', `the auxiliary address ${name}`)));
  return reserved;
}

function behind(last: string, first: bigint, end: bigint): bigint {
  const { value } = requireAddress(last, 'the last address');
  return value < first || value >= end ? first : value + 1n;
}

const larger = (one: bigint, other: bigint) => (one > other ? one : other);
const smaller = (one: bigint, other: bigint) => (one < other ? one : other);
