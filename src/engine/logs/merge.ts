import { fixedTime, type LogEntry } from './entry.ts';

/** Entries of one of several logs, by its number. */
export interface SourcedEntries {
  source: number;
  entries: LogEntry[];
}

/** Merges several logs in the order of time, in which each of them is. */
export async function* mergeLogs(
  logs: readonly AsyncGenerator<LogEntry[]>[],
): AsyncGenerator<SourcedEntries> {
  const heads = await Promise.all(logs.map((log, source) => nextHead(log, source)));
  for (;;) {
    const first = heads.reduce((best, head) => (head.time < best.time ? head : best), EXHAUSTED);
    const [entry] = first.entries.splice(0, 1);
    if (entry === undefined) return;
    yield { source: first.source, entries: [entry] };
    if (first.entries.length > 0) first.time = timeOf(first.entries);
    else heads[first.source] = await nextHead(logs[first.source] as AsyncGenerator<LogEntry[]>, first.source);
  }
}

interface Head extends SourcedEntries {
  /** The time of the first entry; after every time when there is none. */
  time: string;
}

const NEVER = '~';
const EXHAUSTED: Head = { source: -1, entries: [], time: NEVER };

async function nextHead(log: AsyncGenerator<LogEntry[]>, source: number): Promise<Head> {
  const { value, done } = await log.next();
  if (done === true) return { source, entries: [], time: NEVER };
  return { source, entries: value, time: timeOf(value) };
}

function timeOf([first]: readonly LogEntry[]): string {
  return first === undefined ? NEVER : fixedTime(first.time);
}

/** Merges several logs as their entries come: for those that are followed. */
export async function* interleaveLogs(
  logs: readonly AsyncGenerator<LogEntry[]>[],
): AsyncGenerator<SourcedEntries> {
  const next = async (source: number) => ({ source, result: await logs[source]?.next() });
  const waiting = new Map(logs.map((_, source) => [source, next(source)]));
  while (waiting.size > 0) {
    const { source, result } = await Promise.race(waiting.values());
    if (result === undefined || result.done === true) waiting.delete(source);
    else {
      yield { source, entries: result.value };
      waiting.set(source, next(source));
    }
  }
}
