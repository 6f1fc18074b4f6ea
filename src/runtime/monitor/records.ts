import { type ProcessIdentity, parseIdentity } from '../../host/process.ts';
/** The monitor's record of the processes that run, from RUN/ID/state. Times are ms since the epoch. */
export interface StateRecord {
  monitor: ProcessIdentity;
  /** Pid 0 while it waits to be started again. */
  init: ProcessIdentity;
  started: number;
  /** The time when it will be started again; absent: it runs. */
  restarting?: number | undefined;
  /** How often its monitor started it again. */
  restarts: number;
}

/** How a container ended, as the monitor writes it to containers/ID/exit. */
export interface ExitRecord {
  /** 0 to 255; 128 + n for signal n. */
  code: number;
  /** The signal that ended it, if one did. */
  signal?: number | undefined;
  /** The kernel killed one of its processes for want of memory. */
  oom: boolean;
  /** ms since the epoch, as `finished`. */
  started: number;
  finished: number;
  /** How often its monitor had started it again; absent: never. */
  restarts?: number | undefined;
  /** How many of its processes were killed for want of memory. */
  oomKills?: number | undefined;
  /** The most memory that it ever had, and its limit at the end, in bytes. */
  memoryPeak?: number | undefined;
  memoryLimit?: number | undefined;
  /**
   * The number of periods in which its CPU quota was used up, and how long its threads waited for the next:
   * microseconds.
   */
  throttled?: { periods: number; microseconds: number } | undefined;
  /** Forks that its limit of tasks refused. */
  pidsRefused?: number | undefined;
  /** The last signal that its first process got through the monitor, and when: ms since the epoch. */
  sent?: { signal: number; at: number } | undefined;
  /** SIGKILL was sent because it did not stop in time. */
  escalated?: boolean | undefined;
  /** The kernel had dropped the signal that asked it to end: as process 1 it had no handler for it. */
  ignored?: boolean | undefined;
}

/** The exit code of a container that nobody saw ending (src/engine/store/STORE.md, "On disk"). */
export const EXIT_CODE_UNKNOWN = 255;

/**
 * Reads `state`: lines of `key value`. Never throws: the file is renamed into place, but a machine that lost power may
 * have left it empty; its processes are then pid 0, which is never alive.
 */
export function parseStateRecord(text: string): StateRecord {
  const values = readLines(text);
  return {
    monitor: processOf(values.get('monitor')),
    init: processOf(values.get('init')),
    started: numberOf(values.get('started')) ?? 0,
    restarting: numberOf(values.get('restarting')),
    restarts: numberOf(values.get('restarts')) ?? 0,
  };
}

/** Reads `exit`. Never throws, for the same reason: what is missing reads as an unknown end, and leaves no evidence. */
export function parseExitRecord(text: string): ExitRecord {
  const values = readLines(text);
  const record: ExitRecord = {
    code: numberOf(values.get('code')) ?? EXIT_CODE_UNKNOWN,
    oom: values.get('oom') === '1',
    started: numberOf(values.get('started')) ?? 0,
    finished: numberOf(values.get('finished')) ?? 0,
  };
  const evidence = {
    signal: numberOf(values.get('signal')),
    restarts: numberOf(values.get('restarts')),
    oomKills: numberOf(values.get('oom-kills')),
    memoryPeak: numberOf(values.get('memory-peak')),
    memoryLimit: numberOf(values.get('memory-limit')),
    throttled: pairOf(values.get('throttled'), (periods, microseconds) => ({ periods, microseconds })),
    pidsRefused: numberOf(values.get('pids-refused')),
    sent: pairOf(values.get('sent'), (signal, at) => ({ signal, at })),
    escalated: values.get('escalated') === '1' ? true : undefined,
    ignored: values.get('ignored') === '1' ? true : undefined,
  };
  const known = Object.entries(evidence).filter(([, value]) => value !== undefined);
  return { ...record, ...Object.fromEntries(known) };
}

function readLines(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ');
    if (space > 0) values.set(line.slice(0, space), line.slice(space + 1));
  }
  return values;
}

function processOf(value: string | undefined): ProcessIdentity {
  return parseIdentity(value) ?? { pid: 0, startTime: 0 };
}

function pairOf<T>(value: string | undefined, make: (one: number, other: number) => T): T | undefined {
  const [one, other] = (value ?? '').split(' ').map(numberOf);
  return one === undefined || other === undefined ? undefined : make(one, other);
}

function numberOf(value: string | undefined): number | undefined {
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}
