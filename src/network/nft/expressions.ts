import { attribute, nested, number, text } from './netlink.ts';

/**
 * Expressions of rules: each a function of a small machine with registers of 4 bytes, addressed here by their offset in
 * bytes (0, 4, 8, ...). Values of fields longer than 4 bytes take the following ones, too.
 */
export type Expression = Uint8Array;

const NFTA_LIST_ELEM = 1;
const NFTA_EXPR_NAME = 1;
const NFTA_EXPR_DATA = 2;
const NFTA_DATA_VALUE = 1;
const NFTA_DATA_VERDICT = 2;
const NFT_REG_VERDICT = 0;
const NFT_REG32_00 = 8;

/** NFT_META_*. */
const META = { iifname: 6, oifname: 7, nfproto: 15, l4proto: 16 } as const;
/** NFT_CT_*. */
const CT = { state: 0, status: 2 } as const;
/** NFT_PAYLOAD_*_HEADER. */
const BASE = { network: 1, transport: 2 } as const;
const COMPARE = { equal: 0, unequal: 1 } as const;
const VERDICT = { drop: 0, accept: 1, jump: -3, return: -5 } as const;

export interface PayloadField {
  base: keyof typeof BASE;
  /** Bytes. */
  offset: number;
  length: number;
}

/** Loads a fact about the packet into a register. */
export function meta(key: keyof typeof META, to = 0): Expression {
  return expression('meta', [number(1, register(to)), number(2, META[key])]);
}

/** Loads a fact about the packet's connection into a register. */
export function connection(key: keyof typeof CT, to = 0): Expression {
  return expression('ct', [number(1, register(to)), number(2, CT[key])]);
}

/** Bytes of the packet, into a register. */
export function payload({ base, offset, length }: PayloadField, to = 0): Expression {
  return expression('payload', [
    number(1, register(to)),
    number(2, BASE[base]),
    number(3, offset),
    number(4, length),
  ]);
}

/** Writes a register into the packet; the checksum at that offset of the same header is brought up to date. */
export function setPayload({ base, offset, length }: PayloadField, checksumOffset: number): Expression {
  const NFT_PAYLOAD_CSUM_INET = 1;
  return expression('payload', [
    number(5, register(0)),
    number(2, BASE[base]),
    number(3, offset),
    number(4, length),
    number(6, NFT_PAYLOAD_CSUM_INET),
    number(7, checksumOffset),
  ]);
}

/** Goes on only when the register has this value, or has not. */
export function compare(how: keyof typeof COMPARE, value: Uint8Array, from = 0): Expression {
  return expression('cmp', [number(1, register(from)), number(2, COMPARE[how]), data(3, value)]);
}

/** Keeps the bits of `mask` in the first register: of this machine's byte order, as flags of connections are. */
export function keepBits(mask: number): Expression {
  const bits = Buffer.alloc(4);
  bits.writeUInt32LE(mask);
  return expression('bitwise', [
    number(1, register(0)),
    number(2, register(0)),
    number(3, 4),
    data(4, bits),
    data(5, new Uint8Array(4)),
  ]);
}

/** Goes on only when what is in the registers is in the set; a map's value is put into the registers `to`. */
export function lookup(
  set: string,
  { to, unless = false }: { to?: number; unless?: boolean } = {},
): Expression {
  const NFT_LOOKUP_F_INV = 1;
  const attributes = [text(1, set), number(2, register(0))];
  if (to !== undefined) attributes.push(number(3, register(to)));
  if (unless) attributes.push(number(5, NFT_LOOKUP_F_INV));
  return expression('lookup', attributes);
}

/** Goes on only when the packet is for an address of this host. */
export function isLocalDestination(): Expression[] {
  const [NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_F_DADDR, RTN_LOCAL] = [3, 2, 2];
  const local = Buffer.alloc(4);
  local.writeUInt32LE(RTN_LOCAL);
  return [
    expression('fib', [
      number(1, register(0)),
      number(2, NFT_FIB_RESULT_ADDRTYPE),
      number(3, NFTA_FIB_F_DADDR),
    ]),
    compare('equal', local),
  ];
}

/** A value into the first register. */
export function load(value: Uint8Array): Expression {
  return expression('immediate', [number(1, register(0)), data(2, value)]);
}

/** The end of a rule. `jump` names a chain. */
export function verdict(code: keyof typeof VERDICT, chain?: string): Expression {
  const attributes = [number(1, VERDICT[code])];
  if (chain !== undefined) attributes.push(text(2, chain));
  return expression('immediate', [
    number(1, NFT_REG_VERDICT),
    nested(2, [nested(NFTA_DATA_VERDICT, attributes)]),
  ]);
}

/** Translates the destination to what is in the registers, given as offsets. */
export function translateDestination(family: number, address: number, port: number): Expression {
  const NFT_NAT_DNAT = 1;
  return expression('nat', [
    number(1, NFT_NAT_DNAT),
    number(2, family),
    number(3, register(address)),
    number(5, register(port)),
  ]);
}

/** The source becomes the address of the interface by which the packet leaves. */
export function masquerade(): Expression {
  return expression('masq', []);
}

/** The bytes of an interface's name as they are compared and kept in sets: 16. */
export function interfaceBytes(name: string): Uint8Array {
  const bytes = Buffer.alloc(16);
  bytes.write(name, 'latin1');
  return bytes;
}

/** Makes an attribute that holds a value. */
export function data(type: number, value: Uint8Array): Uint8Array {
  return nested(type, [attribute(NFTA_DATA_VALUE, value)]);
}

function expression(name: string, attributes: readonly Uint8Array[]): Expression {
  return nested(NFTA_LIST_ELEM, [text(NFTA_EXPR_NAME, name), nested(NFTA_EXPR_DATA, attributes)]);
}

function register(offset: number): number {
  return NFT_REG32_00 + offset / 4;
}
