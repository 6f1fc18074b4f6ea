import { EngineError } from '../../errors.ts';

/** A record of a pax extended header; both halves are bytes, one character each (latin1). */
export interface PaxRecord {
  readonly key: string;
  readonly value: string;
}

/**
 * The records `LENGTH KEY=VALUE\n` of an extended header (POSIX pax, "pax Extended Header"). Values are bytes, not
 * text: `SCHILY.xattr.security.capability` holds binary, and a name need not be UTF-8. A key may be repeated; sparse
 * maps of version 0.0 are lists of that kind. Throws `invalid`.
 */
export function parsePax(body: Buffer): PaxRecord[] {
  const records: PaxRecord[] = [];
  let at = 0;
  while (at < body.length) {
    const blank = body.indexOf(0x20, at);
    const digits = blank === -1 ? '' : body.toString('latin1', at, Math.min(blank, at + 8));
    const length = /^\d{1,7}$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    const equals = body.indexOf(0x3d, blank + 1);
    if (end <= blank || end > body.length || body[end - 1] !== 0x0a || equals === -1 || equals >= end) {
      throw new EngineError('invalid', 'a pax header is malformed');
    }
    records.push({
      key: body.toString('latin1', blank + 1, equals),
      value: body.toString('latin1', equals + 1, end - 1),
    });
    at = end;
  }
  return records;
}
