import { EngineError } from '../errors.ts';
import { decodeRecords, encodeRecords, type FileRecord } from '../host/record-file.ts';

/** A record of a plan: the operation, then its arguments (native/PLAN.md). */
export type PlanRecord = FileRecord;

const KIND = 'skiff-plan';

/** The user's words for the operations whose arguments are theirs; the others are named by the operation. */
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

/** The bytes of a plan file. Throws `invalid` when an argument holds a NUL byte. */
export function encodePlan(records: readonly PlanRecord[]): Uint8Array {
  return encodeRecords(KIND, records, refuseNul);
}

function refuseNul(op: string, value: string): never {
  const what = WORDS[op] ?? `the plan's ${op}`;
  throw new EngineError('invalid', `${what} contains a NUL byte: ${JSON.stringify(value)}`, {
    subject: value,
  });
}

/** The records of a plan file, without its header: for tests and for people. Throws `internal` for anything else. */
export function decodePlan(bytes: Uint8Array): PlanRecord[] {
  return decodeRecords(KIND, bytes);
}
