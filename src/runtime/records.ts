/** A process that cannot be mistaken for a later one with the same pid: start time as field 22 of /proc/PID/stat. */
interface RecordedProcess {
  pid: number;
  startTime: number;
}

/** Who runs, as the monitor writes it to RUN/ID/state. Times are ms since the epoch. */
export interface StateRecord {
  monitor: RecordedProcess;
  init: RecordedProcess;
  started: number;
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
}

/** The exit code of a container that nobody saw ending (src/ARCHITECTURE.md, "On disk"). */
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
  };
}

/** Reads `exit`. Never throws, for the same reason: what is missing reads as an unknown end. */
export function parseExitRecord(text: string): ExitRecord {
  const values = readLines(text);
  const signal = numberOf(values.get('signal'));
  return {
    code: numberOf(values.get('code')) ?? EXIT_CODE_UNKNOWN,
    ...(signal === undefined ? {} : { signal }),
    oom: values.get('oom') === '1',
    started: numberOf(values.get('started')) ?? 0,
    finished: numberOf(values.get('finished')) ?? 0,
  };
}

function readLines(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ');
    if (space > 0) values.set(line.slice(0, space), line.slice(space + 1));
  }
  return values;
}

function processOf(value: string | undefined): RecordedProcess {
  const [pid, startTime] = (value ?? '').split(' ').map(numberOf);
  return { pid: pid ?? 0, startTime: startTime ?? 0 };
}

function numberOf(value: string | undefined): number | undefined {
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}
