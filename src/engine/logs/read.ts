import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { EngineError } from '../../errors.ts';
import { type DirectoryChanges, DirectoryMissing, watchDirectory } from '../../host/directory-changes.ts';
import { requestWait } from '../../runtime/monitor/client.ts';
import { observe } from '../state/observe.ts';
import { isUp } from '../state/status.ts';
import { containerPaths } from '../store/container-paths.ts';
import { type ContainerRow, noSuchContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { type LogEntry, LogFilter, type LogRequest } from './entry.ts';
import type { LogFile } from './file.ts';
import { LogFiles, openLogFiles, readLogFiles } from './files.ts';

export type { LogEntry, LogRequest } from './entry.ts';

/**
 * Yields what a container has written, oldest first, across rotated and compressed files, a few entries at a time. Once it
 * has resolved, what is there already is read, also when the container is removed meanwhile. Throws `unsupported` when its log
 * driver does not give back what it was given, `notFound` for a container that was removed since it was found.
 */
export async function readLogs(
  context: Context,
  row: ContainerRow,
  request: LogRequest,
): Promise<AsyncGenerator<LogEntry[]>> {
  const driver = row.options.log?.driver ?? 'json-file';
  if (driver === 'json-file' || driver === 'local') return await openFiles(context, row, request);
  if (driver === 'journald') return readFromJournal(context, row, request);
  throw new EngineError(
    'unsupported',
    `the log driver of container ${row.name}, ${driver}, does not support reading`,
    {
      subject: row.name,
      hint:
        driver === 'none'
          ? 'what the container writes goes only to who is attached to it'
          : 'look where the driver sends it',
    },
  );
}

async function* readFromJournal(
  context: Context,
  row: ContainerRow,
  request: LogRequest,
): AsyncGenerator<LogEntry[]> {
  const { readJournal } = await import('./journald.ts');
  const enough = new AbortController();
  const ending = request.follow ? watchEnd(context, row, enough.signal) : ENDED;
  try {
    yield* readJournal(row, request, ending.promise);
  } finally {
    enough.abort();
  }
}

/** A log that is open: the files that were there, and, if what comes is wanted, the changes of its directory since before. */
interface OpenLog {
  log: LogFiles;
  files: LogFile[];
  changes: DirectoryChanges | undefined;
}

async function openFiles(
  context: Context,
  row: ContainerRow,
  request: LogRequest,
): Promise<AsyncGenerator<LogEntry[]>> {
  const file = containerPaths(context.paths, row.id).log;
  const changes = request.follow ? await watchLog(context, file, row) : undefined;
  const log = new LogFiles(file);
  const files = await openLogFiles(log, request.tail);
  if (files.length > 0 || existsSync(dirname(file)))
    return readFiles(context, row, { request, open: { log, files, changes } });
  changes?.[Symbol.dispose]();
  throw noSuchContainer(context.database, row.name);
}

async function* readFiles(
  context: Context,
  row: ContainerRow,
  { request, open: { log, files, changes: watched } }: { request: LogRequest; open: OpenLog },
): AsyncGenerator<LogEntry[]> {
  const enough = new AbortController();
  using changes = watched;
  const ending = request.follow ? watchEnd(context, row, enough.signal) : ENDED;
  const filter = new LogFilter(request);
  const stop = deadline(request);
  stop.addEventListener('abort', () => changes?.wake(), { once: true });
  void ending.promise.then(() => changes?.wake());
  const reading = {
    files,
    isOver: () => ending.ended || stop.aborted,
    change: async () => void (await changes?.next()),
  };
  try {
    for await (const lines of readLogFiles(log, reading)) {
      const entries = filter.choose(lines);
      if (entries.length > 0) yield entries;
      if (filter.over) return;
    }
  } finally {
    enough.abort();
  }
}

/** Throws `notFound` for a container that was removed since it was found. */
async function watchLog(
  { database, helper }: Context,
  file: string,
  { name }: ContainerRow,
): Promise<DirectoryChanges> {
  try {
    return await watchDirectory(helper, dirname(file));
  } catch (error) {
    throw error instanceof DirectoryMissing ? noSuchContainer(database, name) : error;
  }
}

interface Ending {
  ended: boolean;
  promise: Promise<void>;
}

const ENDED: Ending = { ended: true, promise: Promise.resolve() };

/** Notes when the container ends, until `enough` aborts: whatever waits would keep the command from ending. */
function watchEnd(context: Context, row: ContainerRow, enough: AbortSignal): Ending {
  const ending: Ending = { ended: false, promise: Promise.resolve() };
  ending.promise = awaitEnd(context, row, enough)
    .catch(() => undefined)
    .then(() => {
      ending.ended = true;
    });
  return ending;
}

/** The monitor says when a run has ended; whether another one follows its state says. */
async function awaitEnd(context: Context, row: ContainerRow, enough: AbortSignal): Promise<void> {
  while (!enough.aborted) {
    const observed = await observe(context, row);
    if (observed === undefined || !isUp(observed.status)) return;
    if (observed.status.state === 'running')
      await requestWait(containerPaths(context.paths, row.id).control, enough);
    else await awaitRestart(context, row, enough);
  }
}

/**
 * Waits until a container runs again or is gone: the state changes in the first case, the directory goes in the second.
 */
async function awaitRestart(context: Context, row: ContainerRow, enough: AbortSignal): Promise<void> {
  using changes = await watchDirectory(context.helper, containerPaths(context.paths, row.id).runDir);
  enough.addEventListener('abort', () => changes.wake(), { once: true });
  while (!enough.aborted) {
    await changes.next();
    const observed = await observe(context, row);
    if (observed?.status.state !== 'restarting') return;
  }
}

/** Aborts with the request, and when the time has come after which nothing is wanted. */
function deadline({ signal, until, follow }: LogRequest): AbortSignal {
  const signals = signal === undefined ? [] : [signal];
  if (until !== undefined && follow) {
    const left = Number(until / 1_000_000n) - Date.now();
    signals.push(AbortSignal.timeout(Math.min(Math.max(left, 0), LONGEST_TIMER_MS)));
  }
  return AbortSignal.any(signals);
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;
