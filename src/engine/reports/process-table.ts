import { readFileSync, statSync } from 'node:fs';
import { isMissing } from '../../host/missing.ts';
import { parseStat } from '../../host/process.ts';
import { runProgram } from '../../host/run-program.ts';

const TITLES = ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'];

/** USER_HZ, what /proc counts time in; the same on all architectures that skiff knows. */
const TICKS = 100;

/** The places of fields of proc_pid_stat(5) after `comm`. */
const FIELD = { state: 0, parent: 1, tty: 4, userTime: 11, systemTime: 12, startTime: 19 } as const;

/** Processes as a table: what Docker's ContainerTop calls `Titles` and `Processes`. */
export interface ProcessTable {
  titles: string[];
  processes: string[][];
}

/**
 * Processes with the columns of `ps -ef`, from /proc alone; who ended meanwhile is left out. `now` in ms. The helper reads
 * the command lines; those that it does not get in time are names in brackets.
 */
export async function processTable(
  helper: string,
  pids: readonly number[],
  now = Date.now(),
): Promise<ProcessTable> {
  const bootMs = readBootTime();
  const users = readUsers();
  const commands = await commandLines(helper, pids);
  const processes = pids.flatMap((pid) => {
    const cells = rowOf(pid, { bootMs, users, commands, now });
    return cells === undefined ? [] : [cells];
  });
  return { titles: TITLES, processes };
}

interface Host {
  /** Command lines by pid. */
  commands: ReadonlyMap<number, string>;
  /** When it started, in ms since the epoch. */
  bootMs: number;
  /** Names by uid. */
  users: ReadonlyMap<number, string>;
  now: number;
}

function rowOf(pid: number, { bootMs, users, commands, now }: Host): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = parseStat(stat) ?? [];
    const started = bootMs + (Number(fields[FIELD.startTime]) * 1000) / TICKS;
    const usedSeconds = (Number(fields[FIELD.userTime]) + Number(fields[FIELD.systemTime])) / TICKS;
    return [
      userName(statSync(`/proc/${pid}`).uid, users),
      String(pid),
      fields[FIELD.parent] ?? '0',
      share(usedSeconds, now - started),
      startTime(new Date(started), new Date(now)),
      terminal(Number(fields[FIELD.tty])),
      duration(Math.floor(usedSeconds)),
      commands.get(pid) ?? nameOf(stat, fields[FIELD.state] ?? ''),
    ];
  } catch (error) {
    if (isMissing(error) || (error as NodeJS.ErrnoException).code === 'ESRCH') return undefined;
    throw error;
  }
}

/** ps writes the number of a name that is too long for its column. */
function userName(uid: number, users: ReadonlyMap<number, string>): string {
  const name = users.get(uid);
  return name !== undefined && name.length <= 8 ? name : String(uid);
}

/** Returns the part of one CPU that a process used over its life, in percent. */
function share(usedSeconds: number, livedMs: number): string {
  const percent = livedMs > 0 ? Math.floor((usedSeconds * 100_000) / livedMs) : 0;
  return String(Math.min(percent, 99));
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Writes when a process started: `14:05` today, `Mar07` this year, else the year. */
export function startTime(started: Date, now: Date): string {
  if (started.getFullYear() !== now.getFullYear()) return String(started.getFullYear());
  if (started.toDateString() === now.toDateString())
    return `${twoDigits(started.getHours())}:${twoDigits(started.getMinutes())}`;
  return `${MONTHS[started.getMonth()]}${twoDigits(started.getDate())}`;
}

/** Device numbers of terminals (tty_nr of proc_pid_stat(5)): Unix98 ones have majors 136 to 143. */
export function terminal(number: number): string {
  const major = (number >> 8) & 0xfff;
  const minor = (number & 0xff) | ((number >>> 12) & 0xfff00);
  if (major >= 136 && major <= 143) return `pts/${(major - 136) * 256 + minor}`;
  if (major === 4) return minor < 64 ? `tty${minor}` : `ttyS${minor - 64}`;
  return '?';
}

/** Writes a duration as `00:01:07`, with days in front of it. */
export function duration(seconds: number): string {
  const [days, rest] = [Math.floor(seconds / 86_400), seconds % 86_400];
  const clock = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60].map(twoDigits).join(':');
  return days > 0 ? `${days}-${clock}` : clock;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}

/** How long the kernel may keep command lines back: a process that forks without end has its own locked most of the time. */
const PATIENCE_MS = 2000;

async function commandLines(helper: string, pids: readonly number[]): Promise<Map<number, string>> {
  const args = ['command-lines', ...pids.map(String)];
  const { stdout } = await runProgram(helper, args, { timeoutMs: PATIENCE_MS });
  // What the last NUL does not end was not printed whole.
  const lines = stdout.split('\0').slice(0, -1);
  return new Map(lines.map((line) => [Number.parseInt(line, 10), line.slice(line.indexOf(' ') + 1)]));
}

/** The name in brackets of who has no arguments: a thread of the kernel, or one that is dead. */
function nameOf(stat: string, state: string): string {
  const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
  return `[${name}]${state === 'Z' ? ' <defunct>' : ''}`;
}

function readBootTime(): number {
  return Number(/^btime (\d+)/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1]) * 1000;
}

/** Reads the names of the host's users: the processes' ids are the host's. */
function readUsers(): Map<number, string> {
  const users = new Map<number, string>();
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid] = line.split(':');
    if (name !== undefined && uid !== undefined && !users.has(Number(uid))) users.set(Number(uid), name);
  }
  return users;
}
