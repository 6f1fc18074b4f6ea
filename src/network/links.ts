/** A network interface of this network namespace. */
export interface Link {
  index: number;
  name: string;
  /** The index of the bridge that it is a port of; 0: of none. */
  master: number;
  /** `bridge`, `veth`; empty for a device. */
  kind: string;
  /** Lower case, with colons; empty when it has none of six bytes. */
  mac: string;
  alias: string;
}

const FIELDS = 6;

/** Reads what the helper's verb `network links` writes. */
export function parseLinks(output: Uint8Array): Link[] {
  const fields = Buffer.from(output).toString().split('\0');
  return Array.from({ length: Math.floor(fields.length / FIELDS) }, (_, number) => {
    const [index, name = '', master, kind = '', mac = '', alias = ''] = fields.slice(number * FIELDS);
    return { index: Number(index), name, master: Number(master), kind, mac, alias };
  });
}

/** The longest alias in bytes: IFALIASZ without its NUL. */
const ALIAS_BYTES = 255;

/**
 * Returns the alias (IFLA_IFALIAS) of a store's bridges, which tells whose they are when the store is gone: the name of
 * its table, which no other store has, and its root, as far as there is room.
 */
export function bridgeAlias({ table, root }: { table: string; root: string }): string {
  const text = Buffer.from(`${table} ${root}`);
  let end = Math.min(text.length, ALIAS_BYTES);
  // Not in the middle of a character.
  while (end < text.length && ((text[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return text.subarray(0, end).toString();
}

/** Returns the store that a bridge belongs to, by its alias; undefined for a link that no store has made. */
export function ownerOf({ kind, alias }: Link): { table: string; root: string } | undefined {
  const [, table, root] = /^(skiff(?:-[0-9a-f]{8})?) (.*)$/s.exec(alias) ?? [];
  return kind !== 'bridge' || table === undefined || root === undefined ? undefined : { table, root };
}
