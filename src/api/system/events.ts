import type { EngineEvent } from '../../engine/events/journal.ts';
import { moment } from '../../grammar/moment.ts';
import type { Call } from '../http/call.ts';

/** SystemEvents: a line of JSON for each, until `until` has passed or the client goes. */
export async function events({ engine, query, reply, signal }: Call): Promise<void> {
  const request = {
    since: timeOf('since', query.text('since')),
    until: timeOf('until', query.text('until')),
    filters: query.filters(),
  };
  const ended = new AbortController();
  const happening = await engine.events({ ...request, signal: AbortSignal.any([signal, ended.signal]) });
  const stream = reply.stream('application/json');
  try {
    for await (const event of happening) await stream.write(eventLine(event));
    stream.end();
  } finally {
    ended.abort();
  }
}

/** Docker's EventMessage. Nanoseconds are more than a number of JavaScript holds. */
function eventLine({ type, action, id, attributes, scope, timeNano }: EngineEvent): string {
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
