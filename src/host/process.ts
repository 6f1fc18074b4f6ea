import { readFileSync } from 'node:fs';

/**
 * The identity of a process: its number alone is reused, together with the time it started it is not.
 *
 * `startTime` is field 22 of /proc/PID/stat, in clock ticks since boot (proc_pid_stat(5)); a number of that size is
 * exact.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: number;
}

const STATE = 0;
const START_TIME = 19;

/** The identity of a live process; undefined when there is none, or when it is a zombie that merely awaits its parent. */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  const fields = readStat(pid);
  if (fields === undefined || fields[STATE] === 'Z' || fields[STATE] === 'X') return undefined;
  const startTime = Number(fields[START_TIME]);
  return Number.isSafeInteger(startTime) ? { pid, startTime } : undefined;
}

/** Whether the very process that was recorded still runs. */
export function isAlive(recorded: ProcessIdentity): boolean {
  return processIdentity(recorded.pid)?.startTime === recorded.startTime;
}

/**
 * Returns the identity of this process. Where /proc is not mounted its start time is 0, and nobody can tell whether it
 * lives.
 */
export function ownIdentity(): ProcessIdentity {
  return processIdentity(process.pid) ?? { pid: process.pid, startTime: 0 };
}

/** `PID STARTTIME`, as rows and records keep it. */
export function formatIdentity({ pid, startTime }: ProcessIdentity): string {
  return `${pid} ${startTime}`;
}

/** Reads what `formatIdentity` has written; undefined for anything else. */
export function parseIdentity(text: string | undefined): ProcessIdentity | undefined {
  const [, pid, startTime] = /^([1-9]\d*) (\d+)$/.exec(text ?? '') ?? [];
  return pid === undefined ? undefined : { pid: Number(pid), startTime: Number(startTime) };
}

/** The fields after `comm`, which stands in parentheses and may hold spaces, parentheses and newlines of its own. */
export function parseStat(text: string): string[] | undefined {
  const end = text.lastIndexOf(')');
  if (end === -1) return undefined;
  const fields = text
    .slice(end + 1)
    .trim()
    .split(' ');
  return fields.length > START_TIME ? fields : undefined;
}

function readStat(pid: number): string[] | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}
