/**
 * Messages of netlink(7) for nf_tables (linux/netfilter/nf_tables.h): headers are of this machine's byte order, which is
 * little endian on all that skiff runs on, numbers within attributes are of the network's.
 */

/** A message's header and that of nfnetlink behind it. */
export const HEADER_BYTES = 20;
export const NESTED = 0x8000;

export const NFNL_SUBSYS_NFTABLES = 10;

/** Flags of nlmsghdr. */
export const Flag = { request: 1, dump: 0x300, create: 0x400, append: 0x800 } as const;

/** NFPROTO_*. */
export const Family = { unspecified: 0, inet: 1, ipv4: 2, ipv6: 10 } as const;

export interface MessageHead {
  /** NFT_MSG_*. */
  type: number;
  flags: number;
  family: number;
}

/** Makes a message. Its sequence number is left to the sender. */
export function message({ type, flags, family }: MessageHead, attributes: readonly Uint8Array[]): Uint8Array {
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt16LE((NFNL_SUBSYS_NFTABLES << 8) | type, 4);
  head.writeUInt16LE(flags | Flag.request, 6);
  head[16] = family;
  const whole = Buffer.concat([head, ...attributes]);
  whole.writeUInt32LE(whole.length, 0);
  return whole;
}

/** An attribute, padded to a multiple of four bytes. */
export function attribute(type: number, payload: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc((4 + payload.length + 3) & ~3);
  bytes.writeUInt16LE(4 + payload.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(payload, 4);
  return bytes;
}

/** Attributes within one. */
export function nested(type: number, attributes: readonly Uint8Array[]): Uint8Array {
  return attribute(type | NESTED, Buffer.concat(attributes));
}

/** NUL-terminated. */
export function text(type: number, value: string): Uint8Array {
  return attribute(type, Buffer.from(`${value}\0`, 'latin1'));
}

/** 32 bits; may be negative. */
export function number(type: number, value: number): Uint8Array {
  return attribute(type, bytesOf32(value));
}

/** 32 bits in the order of the network. */
export function bytesOf32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}

/** 16 bits in the order of the network. */
export function bytesOf16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 255);
}
