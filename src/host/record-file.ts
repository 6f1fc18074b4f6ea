import { EngineError } from '../errors.ts';

/** A record of a file that the helper reads: the operation, then its arguments (native/PLAN.md and "Network files"). */
export type FileRecord = readonly [op: string, ...args: string[]];

/**
 * Returns the bytes of a file of records: NUL-terminated fields, each record as `op`, number of arguments, arguments;
 * the first is `kind` and the format's version. No argument of a system call can hold a NUL byte: `refuseNul` throws
 * for one that does.
 */
export function encodeRecords(
  kind: string,
  records: readonly FileRecord[],
  refuseNul: (op: string, value: string) => never,
): Uint8Array {
  const fields: string[] = [];
  // No patterns here, which call iterators: a plan has hundreds of fields.
  for (const record of [header(kind), ...records]) {
    fields.push(record[0], String(record.length - 1));
    for (let at = 1; at < record.length; at += 1) fields.push(record[at] as string);
  }
  if (fields.join('').includes('\0')) refuseFirst(records, refuseNul);
  return Buffer.from(`${fields.join('\0')}\0`, 'utf8');
}

function refuseFirst(records: readonly FileRecord[], refuseNul: (op: string, value: string) => never): void {
  for (const [op, ...args] of records) {
    const bad = args.find((arg) => arg.includes('\0'));
    if (bad !== undefined) refuseNul(op, bad);
  }
}

/** Reads the records of such bytes, without the header: for tests and for people. Throws `internal` for anything else. */
export function decodeRecords(kind: string, bytes: Uint8Array): FileRecord[] {
  const fields = Buffer.from(bytes).toString('utf8').split('\0');
  if (fields.pop() !== '') throw malformed(kind, 'its last field is not terminated');
  const records: FileRecord[] = [];
  for (let at = 0; at < fields.length; ) {
    const [op, count] = [fields[at], Number(fields[at + 1])];
    const args = fields.slice(at + 2, at + 2 + count);
    if (op === undefined || args.length !== count)
      throw malformed(kind, `record ${records.length + 1} is cut short`);
    records.push([op, ...args]);
    at += 2 + count;
  }
  if (records.shift()?.join(' ') !== header(kind).join(' '))
    throw malformed(kind, `it does not begin with ${kind} 1 1`);
  return records;
}

function header(kind: string): FileRecord {
  return [kind, '1'];
}

function malformed(kind: string, why: string): EngineError {
  return new EngineError('internal', `not a ${kind.replace('skiff-', '')} file: ${why}`);
}
