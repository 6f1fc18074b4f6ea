import { EngineError } from '../../errors.ts';

/** An address of IPv4 or IPv6 as a number: node:net is slow to load, on the path of `run`. */
export interface Address {
  family: 4 | 6;
  /** 32 or 128 bits, the first byte of the address is the highest. */
  value: bigint;
}

const GROUPS = 8;
const DECIMAL = /^(?:0|[1-9]\d{0,2})$/;
const HEX_GROUP = /^[0-9a-f]{1,4}$/i;
const MAPPED_PREFIX = 0xffffn;

/** Parses an address; undefined for anything else. No zones, no zeros in front of the decimals of IPv4 (RFC 6943). */
export function parseAddress(text: string): Address | undefined {
  const family = text.includes(':') ? 6 : 4;
  const value = family === 6 ? parseIpv6(text) : parseIpv4(text);
  return value === undefined ? undefined : { family, value };
}

/** Parses an address; throws `invalid`, which names what the address is for (`the gateway`). */
export function requireAddress(text: string, what: string): Address {
  const address = parseAddress(text);
  if (address) return address;
  throw new EngineError('invalid', `${what} is not an IP address: ${JSON.stringify(text)}`, {
    subject: text,
    hint: 'write 172.18.0.2, or fd00::2 for IPv6',
  });
}

/** Four decimals; IPv6 as RFC 5952 recommends: lower case, the longest run of zeros as `::`. */
export function formatAddress({ family, value }: Address): string {
  return family === 4 ? formatIpv4(value) : formatIpv6(value);
}

/** Writes an address in its one spelling; throws `invalid` as `requireAddress`. */
export function normalizeAddress(text: string, what: string): string {
  return formatAddress(requireAddress(text, what));
}

/** 4 or 16 bytes, in network order. */
export function addressBytes({ family, value }: Address): Uint8Array {
  const bytes = new Uint8Array(family === 4 ? 4 : 16);
  let rest = value;
  for (let at = bytes.length - 1; at >= 0; at--, rest >>= 8n) bytes[at] = Number(rest & 0xffn);
  return bytes;
}

/** 127.0.0.0/8, ::1, and the former within IPv6. */
export function isLoopback({ family, value }: Address): boolean {
  if (family === 4) return value >> 24n === 127n;
  return value === 1n || (value >> 32n === MAPPED_PREFIX && (value & 0xffff_ffffn) >> 24n === 127n);
}

/** `0.0.0.0` or `::`: every address of the host. */
export function isUnspecified({ value }: Address): boolean {
  return value === 0n;
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!DECIMAL.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return BigInt(value);
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  if (!head) return undefined;
  const last = tail ?? head;
  if (!spellOutIpv4(last)) return undefined;
  const missing = GROUPS - head.length - (tail?.length ?? 0);
  if (tail ? missing < 1 : missing !== 0) return undefined;
  const groups = tail ? [...head, ...new Array<string>(missing).fill('0'), ...tail] : head;
  if (!groups.every((group) => HEX_GROUP.test(group))) return undefined;
  return BigInt(`0x${groups.map((group) => group.padStart(4, '0')).join('')}`);
}

/** The last 32 bits may be written as an IPv4 address. False when they should be, and are none. */
function spellOutIpv4(groups: string[]): boolean {
  const last = groups.at(-1);
  if (!last?.includes('.')) return true;
  const value = parseIpv4(last);
  if (value === undefined) return false;
  groups.splice(-1, 1, (value >> 16n).toString(16), (value & 0xffffn).toString(16));
  return true;
}

function formatIpv4(value: bigint): string {
  const bits = Number(value);
  return `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}`;
}

function formatIpv6(value: bigint): string {
  if (value >> 32n === MAPPED_PREFIX) return `::ffff:${formatIpv4(value & 0xffff_ffffn)}`;
  const groups: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(Number((value >> shift) & 0xffffn));
  const { start, length } = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > longest.length) longest = { start, length: end - start };
  }
  return longest;
}
