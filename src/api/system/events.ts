import type { EngineEvent } from '../../engine/events/journal.ts';
import { moment } from '../../grammar/moment.ts';
import type { Call } from '../http/call.ts';
import type { ReplyStream } from '../http/reply.ts';

/**
 * SystemEvents: a line of JSON for each, until `until` has passed or the client goes. The head comes when they are watched:
 * a client that has it misses nothing of what it does then.
 */
export async function events({ engine, query, reply, signal }: Call): Promise<void> {
  const request = {
    since: timeOf('since', query.text('since')),
    until: timeOf('until', query.text('until')),
    filters: query.filters(),
  };
  const ended = new AbortController();
  let stream: ReplyStream | undefined;
  const whenReady = () => {
    stream = reply.stream('application/json');
  };
  const happening = await engine.events({
    ...request,
    whenReady,
    signal: AbortSignal.any([signal, ended.signal]),
  });
  try {
    for await (const event of happening) await stream?.write(eventLine(event));
    stream?.end();
  } finally {
    ended.abort();
  }
}

/** What was made for one of those who listen is there for the others. */
const lines = new WeakMap<EngineEvent, string>();

function eventLine(event: EngineEvent): string {
  const known = lines.get(event);
  if (known !== undefined) return known;
  const line = newLine(event);
  lines.set(event, line);
  return line;
}

/** Docker's EventMessage. Nanoseconds are more than a number of JavaScript holds. */
function newLine({ type, action, id, attributes, scope, timeNano }: EngineEvent): string {
  const message = {
    ...(type === 'container' || type === 'image' ? legacy(type, action, id, attributes) : {}),
    Type: type,
    Action: action,
    Actor: { ID: id, Attributes: attributes },
    scope,
    time: Number(timeNano / 1_000_000_000n),
  };
  return `${JSON.stringify(message).slice(0, -1)},"timeNano":${timeNano}}\n`;
}

/** The members of versions before 1.22, which clients still look at. */
function legacy(type: string, status: string, id: string, attributes: EngineEvent['attributes']): object {
  return { status, id, ...(type === 'container' ? { from: attributes.image ?? '' } : {}) };
}

function timeOf(name: string, text: string | undefined): bigint | undefined {
  return text === undefined ? undefined : moment(name)(text);
}
