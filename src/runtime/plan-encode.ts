import { EngineError } from '../errors.ts';

/** One record of a plan: the operation, then its arguments (src/ARCHITECTURE.md, "The plan"). */
export type PlanRecord = readonly [op: string, ...args: string[]];

const HEADER: PlanRecord = ['skiff-plan', '1'];

/** What a user calls the operations whose arguments come from them; the others are named by the operation. */
const WORDS: Readonly<Record<string, string>> = {
  arg: 'the command',
  env: 'the environment',
  cwd: 'the working directory',
  user: 'the user',
  group: 'the group',
  domainname: 'the domain name',
  sysctl: 'the sysctl',
  label: 'the label',
  hostname: 'the host name',
};

/**
 * The bytes of a plan file: NUL-terminated fields, each record as `op`, number of arguments, arguments. Throws
 * `invalid` when an argument holds a NUL byte, which no argument of a system call can.
 */
export function encodePlan(records: readonly PlanRecord[]): Uint8Array {
  const fields: string[] = [];
  for (const [op, ...args] of [HEADER, ...records]) {
    fields.push(op, String(args.length), ...args);
    const bad = args.find((arg) => arg.includes('\0'));
    if (bad !== undefined) refuseNul(op, bad);
  }
  return Buffer.from(`${fields.join('\0')}\0`, 'utf8');
}

function refuseNul(op: string, value: string): never {
  const what = WORDS[op] ?? `the plan's ${op}`;
  throw new EngineError('invalid', `${what} contains a NUL byte: ${JSON.stringify(value)}`, {
    subject: value,
  });
}

/** The records of a plan file, without its header: for tests and for people. Throws `internal` for anything else. */
export function decodePlan(bytes: Uint8Array): PlanRecord[] {
  const fields = Buffer.from(bytes).toString('utf8').split('\0');
  if (fields.pop() !== '') throw malformed('its last field is not terminated');
  const records: PlanRecord[] = [];
  for (let at = 0; at < fields.length; ) {
    const [op, count] = [fields[at], Number(fields[at + 1])];
    const args = fields.slice(at + 2, at + 2 + count);
    if (op === undefined || args.length !== count)
      throw malformed(`record ${records.length + 1} is cut short`);
    records.push([op, ...args]);
    at += 2 + count;
  }
  const header = records.shift();
  if (header?.join(' ') !== HEADER.join(' ')) throw malformed('it does not begin with skiff-plan 1 1');
  return records;
}

function malformed(why: string): EngineError {
  return new EngineError('internal', `not a plan: ${why}`);
}
