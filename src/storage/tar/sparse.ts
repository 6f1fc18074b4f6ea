import { EngineError } from '../../errors.ts';
import type { Fragment } from './entry.ts';
import { readDecimal, readNumber } from './numbers.ts';
import type { PaxRecord } from './pax.ts';

/**
 * The four ways in which tars describe sparse files (GNU tar manual, "Storing Sparse Files"): GNU's old header with
 * extension blocks, and pax records of versions 0.0, 0.1 and 1.0 (whose map precedes the data).
 */
export interface SparsePax {
  /** The file's true name; version 0.0 has none. */
  name: string | undefined;
  size: number;
  /** The fragments; undefined for version 1.0: the map stands before the data. */
  fragments: Fragment[] | undefined;
}

/** Reads what pax records say of a sparse file; returns undefined when it is not one. */
export function sparseOf(records: readonly PaxRecord[]): SparsePax | undefined {
  const last = new Map<string, string>();
  const numbers: string[] = [];
  for (const { key, value } of records) {
    if (!key.startsWith('GNU.sparse.')) continue;
    last.set(key.slice('GNU.sparse.'.length), value);
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') numbers.push(value);
  }
  if (last.size === 0) return undefined;
  const size = readDecimal(last.get('realsize') ?? last.get('size') ?? '');
  if (size === undefined) throw malformed();
  const name = last.get('name');
  if (last.get('major') === '1' && last.get('minor') === '0') return { name, size, fragments: undefined };
  const map = last.get('map');
  const listed = map === undefined ? numbers : map.split(',');
  return { name, size, fragments: pairs(listed) };
}

/** The descriptors of an old GNU header (four at 386) or extension block (21 at 0): pairs of 12-byte numbers. */
export function oldFragments(block: Buffer, offset: number, count: number): Fragment[] {
  const fragments: Fragment[] = [];
  for (let at = offset; at < offset + count * 24 && block[at] !== 0; at += 24) {
    const start = readNumber(block, at, 12);
    const length = readNumber(block, at + 12, 12);
    if (start === undefined || length === undefined) throw malformed();
    fragments.push({ offset: start, length });
  }
  return fragments;
}

/** Reads a version 1.0 map: decimal lines (the count, then pairs), padded with NULs to whole blocks. */
export class SparseMapReader {
  #text = '';
  #lines = 0;
  #expected: number | undefined;

  /** Takes the next block of 512 bytes; returns the fragments once the map is complete. */
  push(block: Buffer): Fragment[] | undefined {
    this.#text += block.toString('latin1');
    for (let at = 0; at < block.length; at++) if (block[at] === 0x0a) this.#lines++;
    if (this.#expected === undefined && this.#lines > 0) {
      const count = readDecimal(this.#text.slice(0, this.#text.indexOf('\n')));
      if (count === undefined) throw malformed();
      this.#expected = 1 + 2 * count;
    }
    if (this.#text.length > MAX_MAP_BYTES) throw malformed();
    if (this.#expected === undefined || this.#lines < this.#expected) return undefined;
    return pairs(this.#text.split('\n').slice(1, this.#expected));
  }
}

/** A map is held in memory: as much as a pax header may be. */
export const MAX_MAP_BYTES = 1 << 20;

/** Checks that fragments are in order, lie within the file and account for exactly the stored bytes. */
export function checkFragments(fragments: readonly Fragment[], size: number, stored: number): void {
  let end = 0;
  let sum = 0;
  for (const { offset, length } of fragments) {
    if (offset < end || length < 0 || offset + length > size) throw malformed();
    end = offset + length;
    sum += length;
  }
  if (sum !== stored) throw malformed();
}

function pairs(numbers: readonly string[]): Fragment[] {
  const fragments: Fragment[] = [];
  if (numbers.length === 1 && numbers[0] === '') return fragments;
  if (numbers.length % 2 !== 0) throw malformed();
  for (let at = 0; at < numbers.length; at += 2) {
    const offset = readDecimal(numbers[at] ?? '');
    const length = readDecimal(numbers[at + 1] ?? '');
    if (offset === undefined || length === undefined) throw malformed();
    fragments.push({ offset, length });
  }
  return fragments;
}

function malformed(): EngineError {
  return new EngineError('invalid', 'the map of a sparse file is malformed');
}
