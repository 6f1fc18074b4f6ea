/** A tar entry as it is to be. Names and values are bytes (latin1) unless they are buffers. */
export interface TarMember {
  name: string;
  type?: string;
  target?: string;
  content?: Buffer | string;
  /** Stated in the header instead of the content's length. */
  size?: number | Buffer;
  mode?: number;
  uid?: number;
  gid?: number;
  mtime?: number | Buffer;
  major?: number;
  minor?: number;
  /** Records of a pax header in front. */
  pax?: readonly (readonly [key: string, value: Buffer | string])[];
  /** Changes the header after it was written, before its checksum is. */
  patch?: (header: Buffer) => void;
  format?: 'ustar' | 'gnu' | 'v7';
}

const BLOCK = 512;

/** A byte-exact tar archive, honest or not, with its two closing blocks. */
export function tar(...members: TarMember[]): Buffer {
  return Buffer.concat([...members.map(tarMember), Buffer.alloc(2 * BLOCK)]);
}

/** Writes an entry: pax or GNU long name headers where asked for or needed, the header, the content and its padding. */
export function tarMember(member: TarMember): Buffer {
  const content = bytes(member.content ?? '');
  const parts: Buffer[] = [];
  if (member.pax !== undefined) parts.push(paxHeader(member.pax));
  if (member.format === 'gnu') parts.push(...gnuLongNames(member));
  parts.push(header(member, content.length), padded(content));
  return Buffer.concat(parts);
}

/** A pax extended header ('x', or 'g' for a global one) with its records. */
export function paxHeader(records: NonNullable<TarMember['pax']>, type = 'x'): Buffer {
  const body = Buffer.concat(records.map(([key, value]) => paxRecord(key, bytes(value))));
  return Buffer.concat([
    header({ name: 'PaxHeaders/x', type, size: body.length }, body.length),
    padded(body),
  ]);
}

function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`, 'latin1'), value, Buffer.from('\n')]);
  let length = rest.length;
  while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length;
  return Buffer.concat([Buffer.from(`${length}`), rest]);
}

function gnuLongNames({ name, target = '' }: TarMember): Buffer[] {
  const long = (type: string, text: string): Buffer => {
    const body = Buffer.from(`${text}\0`, 'latin1');
    return Buffer.concat([header({ name: '././@LongLink', type, format: 'gnu' }, body.length), padded(body)]);
  };
  const parts: Buffer[] = [];
  if (target.length > 100) parts.push(long('K', target));
  if (name.length > 100) parts.push(long('L', name));
  return parts;
}

function header(member: TarMember, length: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const { name, type = '0', target = '', mode = 0o644, uid = 0, gid = 0, format = 'ustar' } = member;
  block.write(name.slice(0, 100), 0, 'latin1');
  field(block, 100, 8, mode);
  field(block, 108, 8, uid);
  field(block, 116, 8, gid);
  field(block, 124, 12, member.size ?? length);
  field(block, 136, 12, member.mtime ?? 1_600_000_000);
  block.write(type, 156, 'latin1');
  block.write(target.slice(0, 100), 157, 'latin1');
  if (format === 'ustar') block.write('ustar\x0000', 257);
  if (format === 'gnu') block.write('ustar  \0', 257);
  if (format !== 'v7') {
    field(block, 329, 8, member.major ?? 0);
    field(block, 337, 8, member.minor ?? 0);
  }
  member.patch?.(block);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** Octal where it fits, else base-256 as GNU and star write it; a buffer is taken as it is. */
function field(block: Buffer, offset: number, width: number, value: number | Buffer): void {
  if (typeof value !== 'number') {
    value.copy(block, offset, 0, width);
    return;
  }
  const octal = value.toString(8);
  if (value >= 0 && octal.length < width) {
    block.write(`${octal.padStart(width - 1, '0')}\0`, offset);
    return;
  }
  let rest = BigInt.asUintN(8 * width, BigInt(value));
  for (let at = offset + width - 1; at >= offset; at--, rest >>= 8n) block[at] = Number(rest & 0xffn);
  block[offset] = (block[offset] ?? 0) | 0x80;
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)]);
}

function bytes(value: Buffer | string): Buffer {
  return typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
}
