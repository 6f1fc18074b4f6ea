/** Messages of nf_tables as the kernel takes them (linux/netfilter/nf_tables.h), written by hand. */

const NFPROTO_INET = 1;
const NLM_F_CREATE = 0x400;
const NLM_F_APPEND = 0x800;
const NLA_F_NESTED = 0x8000;
const KIND = { newTable: 0, newChain: 3, getChain: 4, newRule: 6, newElement: 12, deleteElement: 14 };

function attribute(type: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt16LE(4 + payload.length, 0);
  header.writeUInt16LE(type, 2);
  return Buffer.concat([header, payload, Buffer.alloc((4 - (payload.length % 4)) % 4)]);
}

function text(type: number, value: string): Buffer {
  return attribute(type, Buffer.from(`${value}\0`));
}

function nest(type: number, ...attributes: Buffer[]): Buffer {
  return attribute(type | NLA_F_NESTED, Buffer.concat(attributes));
}

function message(kind: number, flags: number, ...attributes: Buffer[]): Buffer {
  const header = Buffer.alloc(20);
  const body = Buffer.concat(attributes);
  header.writeUInt32LE(20 + body.length, 0);
  header.writeUInt16LE((10 << 8) | kind, 4);
  header.writeUInt16LE(1 | flags, 6);
  header.writeUInt8(NFPROTO_INET, 16);
  return Buffer.concat([header, body]);
}

export function newTable(table: string): Buffer {
  return message(KIND.newTable, NLM_F_CREATE, text(1, table));
}

export function newChain(table: string, chain: string): Buffer {
  return message(KIND.newChain, NLM_F_CREATE, text(1, table), text(3, chain));
}

export function getChain(table: string, chain: string): Buffer {
  return message(KIND.getChain, 0, text(1, table), text(3, chain));
}

/** A rule that matches everything and does nothing. */
export function newRule(table: string, chain: string): Buffer {
  return message(KIND.newRule, NLM_F_CREATE | NLM_F_APPEND, text(1, table), text(2, chain));
}

function element(kind: number, flags: number, table: string, set: string, port: number): Buffer {
  const key = Buffer.alloc(2);
  key.writeUInt16BE(port);
  return message(kind, flags, text(1, table), text(2, set), nest(3, nest(1, nest(1, attribute(1, key)))));
}

/** An element of a set of ports. */
export function newElement(table: string, set: string, port: number): Buffer {
  return element(KIND.newElement, NLM_F_CREATE, table, set, port);
}

export function deleteElement(table: string, set: string, port: number): Buffer {
  return element(KIND.deleteElement, 0, table, set, port);
}
