import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { EngineError } from '../../errors.ts';
import type { PlanRecord } from '../record.ts';

/** Errors that `write-optional` ignores, as the helper does. */
const IGNORED = new Set(['ENOENT', 'EACCES', 'EBUSY']);

/** The value of a file before it was written. */
interface Former {
  file: string;
  value: string;
}

/**
 * Performs the records `write` and `write-optional` of limits on a cgroup that is in use, in order, then `commit`. When
 * something is refused, what was written before is put back as far as the kernel lets, and it throws: `conflict` where
 * what the container uses does not fit, else `invalid`.
 */
export function performWrites(records: readonly PlanRecord[], commit: () => void): void {
  const done: Former[] = [];
  try {
    for (const [op, file = '', value = ''] of records) {
      const former = formerValue(file);
      if (perform(file, value, op === 'write-optional') && former !== undefined)
        done.unshift({ file, value: former });
    }
    commit();
  } catch (error) {
    for (const { file, value } of done) restore(file, value);
    throw error;
  }
}

/** Controllers that were handed down stay so: others may use them by now. */
function formerValue(file: string): string | undefined {
  if (basename(file) === 'cgroup.subtree_control') return undefined;
  try {
    return readFileSync(file, 'latin1').split('\n')[0];
  } catch {
    return undefined;
  }
}

/** Writes a value; true when it was written. */
function perform(file: string, value: string, optional: boolean): boolean {
  try {
    writeOnce(file, value);
    return true;
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (optional && IGNORED.has(code)) return false;
    throw refusal(file, value, cause as NodeJS.ErrnoException);
  }
}

/** An empty value, of a v2 cpuset, is a line without anything. */
function restore(file: string, value: string): void {
  try {
    writeOnce(file, `${value}\n`);
  } catch {
    // What the kernel no longer takes back is better than what half of the changes would be.
  }
}

/** Writes a value by one write(2): the kernel reads no more. */
function writeOnce(file: string, value: string): void {
  const fd = openSync(file, constants.O_WRONLY);
  try {
    writeSync(fd, value);
  } finally {
    closeSync(fd);
  }
}

function refusal(file: string, value: string, cause: NodeJS.ErrnoException): EngineError {
  const name = basename(file);
  const words = `the kernel refuses ${JSON.stringify(value)} for ${name}`;
  if (cause.code === 'EBUSY') {
    const usage = formerValue(file.replace(/limit_in_bytes$/, 'usage_in_bytes'));
    const inUse = name.endsWith('limit_in_bytes') && usage !== undefined ? `: ${usage} bytes are in use` : '';
    return new EngineError('conflict', `${words}, as it is less than the container uses${inUse}`, {
      subject: name,
      cause,
    });
  }
  return new EngineError('invalid', `${words}: ${cause.message}`, { subject: name, cause });
}
