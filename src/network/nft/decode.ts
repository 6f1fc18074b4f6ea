import { HEADER_BYTES, NESTED, NFNL_SUBSYS_NFTABLES } from './netlink.ts';

/** A message of nf_tables that the kernel wrote. */
export interface Answer {
  /** NFT_MSG_*. */
  type: number;
  /** NFPROTO_*. */
  family: number;
  attributes: Attributes;
}

/** Attributes by type; of one that comes several times the last value. */
export type Attributes = ReadonlyMap<number, Uint8Array>;

const ATTRIBUTE_BYTES = 4;
const SUBSYSTEM_BITS = 8;

/** The messages of nf_tables in an answer to a dump; ends and errors are left out. */
export function decodeMessages(bytes: Uint8Array): Answer[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const answers: Answer[] = [];
  for (let at = 0; at + HEADER_BYTES <= view.length; ) {
    const length = view.readUInt32LE(at);
    if (length < 16) break;
    const type = view.readUInt16LE(at + 4);
    if (type >> SUBSYSTEM_BITS === NFNL_SUBSYS_NFTABLES)
      answers.push({
        type: type & 255,
        family: view[at + 16] ?? 0,
        attributes: attributesOf(view.subarray(at + HEADER_BYTES, at + length)),
      });
    at += (length + 3) & ~3;
  }
  return answers;
}

/** The attributes within one, by type. */
export function attributesOf(bytes: Uint8Array | undefined): Attributes {
  return new Map(listOf(bytes).map(({ type, payload }) => [type, payload]));
}

/** Lists the attributes within one, in their order. */
export function listOf(bytes: Uint8Array | undefined): { type: number; payload: Uint8Array }[] {
  const list: { type: number; payload: Uint8Array }[] = [];
  if (!bytes) return list;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + ATTRIBUTE_BYTES <= view.length; ) {
    const length = view.readUInt16LE(at);
    if (length < ATTRIBUTE_BYTES) break;
    const type = view.readUInt16LE(at + 2) & ~NESTED;
    list.push({ type, payload: view.subarray(at + ATTRIBUTE_BYTES, at + length) });
    at += (length + 3) & ~3;
  }
  return list;
}

/** NUL-terminated text. */
export function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('latin1').replace(/\0.*$/s, '');
}

/** 32 bits, signed. */
export function numberOf(bytes: Uint8Array | undefined): number | undefined {
  return bytes && bytes.length >= 4 ? Buffer.from(bytes).readInt32BE(0) : undefined;
}
