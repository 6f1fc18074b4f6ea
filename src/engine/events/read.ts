import { basename } from 'node:path';
import { EngineError } from '../../errors.ts';
import { type Change, watchDirectory } from '../../host/directory-changes.ts';
import type { Context } from '../store/context.ts';
import { type EventFilters, eventFilter } from './filter.ts';
import type { EngineEvent } from './journal.ts';
import { JournalPlace, presentFile } from './open-journal.ts';

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
  for await (const event of journalEvents(context, request)) {
    if (event.timeNano < since) continue;
    // Not the end: what was written by several hands is not strictly in order.
    if (until !== undefined && event.timeNano > until) continue;
    if (isWanted(event)) yield event;
  }
}

/** What the journal tells, the one that was put aside first; then what comes. */
async function* journalEvents(
  { paths, database, helper }: Context,
  { since, until, whenReady, signal }: EventsRequest,
): AsyncGenerator<EngineEvent> {
  // Opening it makes the directory, which can only be watched when it is there.
  void database;
  const left = until === undefined ? undefined : Number(until / NS_PER_MS) - Date.now();
  const isPast = left !== undefined && left <= 0;
  // Who asks wants all from now on, and a watcher takes milliseconds to begin, in which a container can start and end.
  let [aside, current] = places(paths.events, since === undefined && !isPast);
  try {
    using changes = isPast ? undefined : await watchDirectory(helper, paths.root, basename(paths.events));
    const stop = stopSignal(left, signal);
    stop.addEventListener('abort', () => changes?.wake(), { once: true });
    whenReady?.();
    for (let change: Change = {}; ; ) {
      const over = isPast || stop.aborted;
      const present = presentFile(paths.events, change);
      // Whoever had it open when it was put aside may have written to it since.
      if (aside !== undefined) yield* aside.events();
      if (current !== undefined) yield* current.events(present);
      const successor = present?.inode === current?.inode ? undefined : successorOf(paths.events, current);
      if (successor !== undefined) {
        aside?.close();
        [aside, current] = [current, successor];
        change = {};
      } else if (over) {
        return;
      } else {
        change = (await changes?.next()) ?? {};
      }
    }
  } finally {
    aside?.close();
    current?.close();
  }
}

type Place = JournalPlace | undefined;

/** Where reading begins: in the journal that was put aside, and the present one; or only at the end of that. */
function places(path: string, onlyNews: boolean): [aside: Place, current: Place] {
  // From the newest on, as one may be put aside meanwhile.
  const current = JournalPlace.open(path);
  if (onlyNews) {
    current?.skipAll();
    return [undefined, current];
  }
  const aside = JournalPlace.open(`${path}.1`);
  return [aside?.inode === current?.inode ? aside?.close() : aside, current];
}

/** The journal that has taken the place of the one being read, if any: as long as that is open its inode is its alone. */
function successorOf(path: string, present: Place): Place {
  const found = JournalPlace.open(path);
  return found?.inode === present?.inode ? found?.close() : found;
}

function stopSignal(leftMs: number | undefined, signal: AbortSignal | undefined): AbortSignal {
  const signals = signal === undefined ? [] : [signal];
  if (leftMs !== undefined)
    signals.push(AbortSignal.timeout(Math.min(Math.max(leftMs, 0), LONGEST_TIMER_MS)));
  return AbortSignal.any(signals);
}
