import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { EngineError } from '../../errors.ts';
import { type DirectoryChanges, watchDirectory } from '../../host/directory-changes.ts';
import { GrowingFile } from '../../host/growing-file.ts';
import type { Context } from '../store/context.ts';
import { type EventFilters, eventFilter } from './filter.ts';
import type { EngineEvent } from './journal.ts';

export interface EventsRequest {
  /** ns since the epoch, inclusive; absent: only what happens from now on, or, when `until` has passed, all. */
  since?: bigint | undefined;
  /** Absent: for ever. */
  until?: bigint | undefined;
  filters?: EventFilters | undefined;
  /** Called when every event from then on will be seen. */
  whenReady?: (() => void) | undefined;
  signal?: AbortSignal | undefined;
}

const NS_PER_MS = 1_000_000n;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Events in the order of the journal. Throws `invalid` for a filter that there is not, or a range without time in it. */
export function readEvents(context: Context, request: EventsRequest): AsyncGenerator<EngineEvent> {
  const { since, until, filters = new Map() } = request;
  if (since !== undefined && until !== undefined && until < since) {
    throw new EngineError('invalid', 'the beginning of a range of events cannot be after its end', {
      hint: 'what is shown lies between --since and --until',
    });
  }
  return chosen(context, request, eventFilter(filters));
}

async function* chosen(
  context: Context,
  request: EventsRequest,
  isWanted: (event: EngineEvent) => boolean,
): AsyncGenerator<EngineEvent> {
  const { since = 0n, until } = request;
  for await (const lines of journalLines(context, request)) {
    for (const line of lines) {
      const event = parseEvent(line);
      if (event === undefined || event.timeNano < since) continue;
      // Not the end: what was written by several hands is not strictly in order.
      if (until !== undefined && event.timeNano > until) continue;
      if (isWanted(event)) yield event;
    }
  }
}

/** The journal's lines, a few at a time, the one that was put aside first; then those that come. */
async function* journalLines(
  { paths, database, helper }: Context,
  { since, until, whenReady, signal }: EventsRequest,
): AsyncGenerator<string[]> {
  // Opening it makes the directory, which can only be watched when it is there.
  void database;
  const left = until === undefined ? undefined : Number(until / NS_PER_MS) - Date.now();
  const isPast = left !== undefined && left <= 0;
  using changes = isPast ? undefined : await watchDirectory(helper, paths.root, basename(paths.events));
  const stop = stopSignal(left, signal);
  // From the newest on, as one may be put aside meanwhile.
  let current = await GrowingFile.open(paths.events);
  let aside = await GrowingFile.open(`${paths.events}.1`);
  try {
    if (aside?.inode === current?.inode) aside = await closed(aside);
    if (since === undefined && !isPast) {
      await current?.skipAll();
      aside = await closed(aside);
    }
    whenReady?.();
    for (;;) {
      const over = isPast || stop.aborted;
      // Whoever had it open when it was put aside may have written to it since.
      if (aside !== undefined) yield* aside.lines();
      if (current !== undefined) yield* current.lines();
      const successor = await successorOf(paths.events, current);
      if (successor !== undefined) {
        await aside?.close();
        [aside, current] = [current, successor];
      } else if (over) {
        return;
      } else {
        await somethingIn(changes, stop);
      }
    }
  } finally {
    await aside?.close();
    await current?.close();
  }
}

async function closed(file: GrowingFile | undefined): Promise<undefined> {
  await file?.close();
}

/** The journal that has taken the place of the one being read, if any: as long as that is open its inode is its alone. */
async function successorOf(path: string, file: GrowingFile | undefined): Promise<GrowingFile | undefined> {
  const inode = statSync(path, { throwIfNoEntry: false })?.ino;
  return inode === file?.inode ? undefined : await GrowingFile.open(path);
}

function stopSignal(leftMs: number | undefined, signal: AbortSignal | undefined): AbortSignal {
  const signals = signal === undefined ? [] : [signal];
  if (leftMs !== undefined)
    signals.push(AbortSignal.timeout(Math.min(Math.max(leftMs, 0), LONGEST_TIMER_MS)));
  return AbortSignal.any(signals);
}

async function somethingIn(changes: DirectoryChanges | undefined, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return;
  let wake = () => {};
  const aborted = new Promise<void>((resolve) => {
    wake = resolve;
    stop.addEventListener('abort', wake, { once: true });
  });
  await Promise.race([changes?.next(), aborted]);
  stop.removeEventListener('abort', wake);
}

interface JournalLine {
  Type: string;
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  scope: string;
}

/** Parses a line of the journal; undefined when a power cut tore it. */
function parseEvent(line: string): EngineEvent | undefined {
  try {
    const { Type, Action, Actor, scope } = JSON.parse(line) as JournalLine;
    const timeNano = BigInt(/"timeNano":(\d+)\}$/.exec(line)?.[1] ?? '0');
    return { type: Type, action: Action, id: Actor.ID, attributes: Actor.Attributes, scope, timeNano };
  } catch {
    return undefined;
  }
}
