import { EngineError } from '../../errors.ts';
import { type EntryType, type ExtendedAttribute, printable, type TarEntry } from './entry.ts';
import { readDecimal, readNumber, readString, readTime } from './numbers.ts';
import type { PaxRecord } from './pax.ts';
import { sparseOf } from './sparse.ts';

/** The extended headers that precede an entry's own and change it. */
export interface Preamble {
  pax: PaxRecord[];
  longName: string | undefined;
  longTarget: string | undefined;
}

/** An entry with what only the parser needs: how many bytes follow its header. */
export interface DecodedHeader {
  entry: TarEntry;
  stored: number;
  sparse: ReturnType<typeof sparseOf>;
}

const TYPES: Readonly<Record<string, EntryType>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
  S: 'file',
};

const XATTR = 'SCHILY.xattr.';

/**
 * Decodes a header block whose checksum was verified (v7, POSIX ustar, GNU and star layouts) and applies what came
 * before it. Throws `invalid`, naming the entry.
 */
export function decodeHeader(block: Buffer, preamble: Preamble): DecodedHeader {
  const flag = String.fromCharCode(block[156] ?? 0);
  const entry = plainEntry(block, TYPES[flag] ?? 'file');
  let stored = readNumber(block, 124, 12);
  const sized = applyPax(entry, preamble.pax);
  if (sized !== undefined) stored = sized;
  if (preamble.longName !== undefined) entry.name = preamble.longName;
  if (preamble.longTarget !== undefined) entry.target = preamble.longTarget;
  const sparse = entry.type === 'file' ? sparseOf(preamble.pax) : undefined;
  if (sparse?.name !== undefined) entry.name = sparse.name;

  if (TYPES[flag] === undefined) throw bad(entry, `has the unknown type "${printable(flag)}"`);
  // Only files have content: other types may carry a size without any bytes following (as Go's archive/tar reads it).
  if (entry.type !== 'file') stored = 0;
  // v7 had no type for directories.
  if (entry.type === 'file' && entry.name.endsWith('/')) entry.type = 'directory';
  if (stored === undefined || stored < 0) throw bad(entry, 'has an absurd size');
  entry.size = sparse?.size ?? stored;
  return { entry, stored, sparse };
}

function plainEntry(block: Buffer, type: EntryType): TarEntry {
  const ustar = block.toString('latin1', 257, 265);
  const entry: TarEntry = {
    type,
    name: readString(block, 0, 100),
    target: type === 'link' || type === 'symlink' ? readString(block, 157, 100) : '',
    mode: 0,
    uid: 0,
    gid: 0,
    size: 0,
    mtime: { seconds: 0, nanoseconds: 0 },
    major: 0,
    minor: 0,
    xattrs: [],
  };
  if (ustar.startsWith('ustar\0') && block[345] !== 0) {
    // star puts times behind a shorter prefix, and says so at the end of the block.
    const star = block.toString('latin1', 508, 512) === 'tar\0';
    entry.name = `${readString(block, 345, star ? 131 : 155)}/${entry.name}`;
  }
  entry.mode = number(block, 100, 8, entry, 'mode') & 0o7777;
  entry.uid = number(block, 108, 8, entry, 'owner');
  entry.gid = number(block, 116, 8, entry, 'group');
  entry.mtime.seconds = number(block, 136, 12, entry, 'time');
  if ((type === 'char' || type === 'block') && ustar.startsWith('ustar')) {
    entry.major = number(block, 329, 8, entry, 'device number');
    entry.minor = number(block, 337, 8, entry, 'device number');
  }
  return entry;
}

function number(block: Buffer, offset: number, length: number, entry: TarEntry, what: string): number {
  const value = readNumber(block, offset, length);
  if (value === undefined) throw bad(entry, `has a malformed ${what}`);
  return value;
}

/** Applies pax records to an entry; returns the size that they give, if any. Empty values mean "as in the header". */
function applyPax(entry: TarEntry, records: readonly PaxRecord[]): number | undefined {
  if (records.length === 0) return undefined;
  let size: number | undefined;
  const xattrs = new Map<string, ExtendedAttribute>();
  for (const { key, value } of records) {
    if (key.startsWith(XATTR)) {
      const name = key.slice(XATTR.length);
      xattrs.set(name, { name, value });
    } else if (value !== '') {
      switch (key) {
        case 'path':
          entry.name = value;
          break;
        case 'linkpath':
          entry.target = value;
          break;
        case 'uid':
          entry.uid = parsed(readDecimal(value), entry, 'owner');
          break;
        case 'gid':
          entry.gid = parsed(readDecimal(value), entry, 'group');
          break;
        case 'size':
          size = parsed(readDecimal(value), entry, 'size');
          break;
        case 'mtime':
          entry.mtime = parsed(readTime(value), entry, 'time');
          break;
      }
    }
  }
  entry.xattrs = [...xattrs.values()];
  return size;
}

function parsed<T>(value: T | undefined, entry: TarEntry, what: string): T {
  if (value === undefined) throw bad(entry, `has a malformed ${what}`);
  return value;
}

/** The error of one entry: `entry "usr/bin/x" has …`. */
export function bad(entry: { name: string }, problem: string): EngineError {
  const name = printable(entry.name);
  return new EngineError('invalid', `entry "${name}" ${problem}`, { subject: name });
}
