import { data, type Expression } from './expressions.ts';
import { attribute, Flag, message, nested, number, text } from './netlink.ts';

/** NFT_MSG_*. */
export const Message = {
  newTable: 0,
  deleteTable: 2,
  newChain: 3,
  getChain: 4,
  newRule: 6,
  getRule: 7,
  newSet: 9,
  newElement: 12,
  deleteElement: 14,
} as const;

/** Numbers of `nft describe`: what userspace shows keys and values as. */
const TYPES = {
  ipv4: { number: 7, bytes: 4 },
  ipv6: { number: 8, bytes: 16 },
  protocol: { number: 12, bytes: 1 },
  port: { number: 13, bytes: 2 },
  interface: { number: 41, bytes: 16 },
} as const;
const TYPE_BITS = 6;

const HOOKS = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4 } as const;
const NFT_SET_INTERVAL = 4;
const NFT_SET_MAP = 8;
const NFT_SET_CONCAT = 128;
const NFT_SET_ELEM_INTERVAL_END = 1;
const NF_ACCEPT = 1;
/**
 * The user data of a set by which `nft list` shows names of interfaces: the keys are of this machine's byte order
 * (libnftnl, udata.h).
 */
const KEY_OF_HOST_ORDER = Uint8Array.of(0, 4, 1, 0, 0, 0);
/** An attribute has at most 64 kB; an element takes less than 128 bytes. */
const ELEMENTS_OF_A_MESSAGE = 500;

export interface TablePlace {
  /** NFPROTO_*. */
  family: number;
  table: string;
}

export type FieldType = keyof typeof TYPES;

export interface SetDescription {
  name: string;
  /** The fields of a key; one that has several is a concatenation. */
  key: readonly FieldType[];
  /** The fields of a map's value. */
  value?: readonly FieldType[];
  /** Whether the set's elements are ranges. */
  interval?: boolean;
}

/** An element of a set or map; the fields of key and value are padded to four bytes each (`concatenate`). */
export interface SetElement {
  key: Uint8Array;
  value?: Uint8Array;
  /** In a range of single fields, the first key behind it; absent: the range goes on to the last key that there is. */
  behind?: Uint8Array | undefined;
  /** In a range of several fields, its last key. */
  last?: Uint8Array;
}

export interface BaseChain {
  type: 'filter' | 'nat';
  hook: keyof typeof HOOKS;
  priority: number;
}

export function newTable({ family, table }: TablePlace): Uint8Array {
  return message({ type: Message.newTable, flags: Flag.create, family }, [text(1, table)]);
}

export function deleteTable({ family, table }: TablePlace): Uint8Array {
  return message({ type: Message.deleteTable, flags: 0, family }, [text(1, table)]);
}

/** A chain that packets come to at a hook, or by a jump only. Its policy is to accept. */
export function newChain({ family, table }: TablePlace, name: string, base?: BaseChain): Uint8Array {
  const attributes = [text(1, table), text(3, name)];
  if (base) {
    attributes.push(nested(4, [number(1, HOOKS[base.hook]), number(2, base.priority)]));
    attributes.push(number(5, NF_ACCEPT), text(7, base.type));
  }
  return message({ type: Message.newChain, flags: Flag.create, family }, attributes);
}

/** Behind the rules that the chain has. */
export function newRule(
  { family, table }: TablePlace,
  chain: string,
  expressions: readonly Expression[],
): Uint8Array {
  return message({ type: Message.newRule, flags: Flag.create | Flag.append, family }, [
    text(1, table),
    text(2, chain),
    nested(4, expressions),
  ]);
}

/** `id` is any number that no other set of the transaction has. */
export function newSet({ family, table }: TablePlace, set: SetDescription, id: number): Uint8Array {
  const isConcatenatedRange = set.interval === true && set.key.length > 1;
  const flags =
    (set.interval ? NFT_SET_INTERVAL : 0) |
    (set.value ? NFT_SET_MAP : 0) |
    (isConcatenatedRange ? NFT_SET_CONCAT : 0);
  const attributes = [
    text(1, table),
    text(2, set.name),
    number(3, flags),
    number(4, typeOf(set.key)),
    number(5, lengthOf(set.key)),
  ];
  if (set.value) attributes.push(number(6, typeOf(set.value)), number(7, lengthOf(set.value)));
  // Only ranges of several fields have to be told apart (NFTA_SET_DESC_CONCAT).
  if (isConcatenatedRange)
    attributes.push(
      nested(9, [
        nested(
          2,
          set.key.map((field) => nested(1, [number(1, TYPES[field].bytes)])),
        ),
      ]),
    );
  attributes.push(number(10, id));
  if (set.key.join() === 'interface') attributes.push(attribute(13, KEY_OF_HOST_ORDER));
  return message({ type: Message.newSet, flags: Flag.create, family }, attributes);
}

/**
 * Makes the messages that add elements to a set; one that is there already with the same value is fine. No bytes when
 * there are no elements.
 */
export function addElements(place: TablePlace, set: string, elements: readonly SetElement[]): Uint8Array {
  const messages: Uint8Array[] = [];
  for (let at = 0; at < elements.length; at += ELEMENTS_OF_A_MESSAGE)
    messages.push(
      elementMessage(Message.newElement, { place, set }, elements.slice(at, at + ELEMENTS_OF_A_MESSAGE)),
    );
  return Buffer.concat(messages);
}

/**
 * The transaction fails with ENOENT when one of them is not there: each has its own message, so that each can be tried
 * by itself.
 */
export function removeElements(place: TablePlace, set: string, elements: readonly SetElement[]): Uint8Array {
  return Buffer.concat(
    elements.map((element) => elementMessage(Message.deleteElement, { place, set }, [element])),
  );
}

/** Joins fields, each padded to four bytes, as keys and values of several fields have to be. */
export function concatenate(...fields: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce((sum, field) => sum + padded(field.length), 0));
  let at = 0;
  for (const field of fields) {
    bytes.set(field, at);
    at += padded(field.length);
  }
  return bytes;
}

function elementMessage(
  type: number,
  { place, set }: { place: TablePlace; set: string },
  elements: readonly SetElement[],
): Uint8Array {
  const flags = type === Message.newElement ? Flag.create : 0;
  const attributes = [text(1, place.table), text(2, set), nested(3, elements.flatMap(elementAttributes))];
  return message({ type, flags, family: place.family }, attributes);
}

/** A range of single fields is two: the key with which it begins, and the one behind. */
function elementAttributes({ key, value, behind, last }: SetElement): Uint8Array[] {
  const attributes = [data(1, key)];
  if (last) attributes.push(data(10, last));
  if (value) attributes.push(data(2, value));
  const begin = nested(1, attributes);
  return behind ? [begin, nested(1, [data(1, behind), number(3, NFT_SET_ELEM_INTERVAL_END)])] : [begin];
}

function typeOf(fields: readonly FieldType[]): number {
  return fields.reduce((type, field) => (type << TYPE_BITS) | TYPES[field].number, 0);
}

function lengthOf(fields: readonly FieldType[]): number {
  const [first] = fields;
  if (fields.length === 1 && first) return TYPES[first].bytes;
  return fields.reduce((sum, field) => sum + padded(TYPES[field].bytes), 0);
}

function padded(length: number): number {
  return (length + 3) & ~3;
}
