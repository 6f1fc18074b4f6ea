import type { EngineEvent } from '../../engine/events/journal.ts';
import { type ObjectTemplate, parseObjectTemplate } from '../template/template.ts';
import { visible, visibleJson } from '../text/visible.ts';

const NS_PER_MS = 1_000_000n;
const NS_PER_S = 1_000_000_000n;

/** How events are shown: Docker's line, its JSON, or a template. Throws `invalid` for a template that is none. */
export class EventFormat {
  readonly #render: (event: EngineEvent) => string;

  constructor(format: string | undefined) {
    if (format === undefined || format === '') this.#render = line;
    else if (format === 'json' || /^\{\{\s*json\s+\.\s*\}\}$/.test(format)) this.#render = json;
    else
      this.#render = throughTemplate(
        parseObjectTemplate(format.replaceAll('\\t', '\t').replaceAll('\\n', '\n')),
      );
  }

  /** Text that ends with a newline. */
  render(event: EngineEvent): string {
    return this.#render(event);
  }
}

/** `TIME TYPE ACTION ID (key=value, key=value)`. */
function line({ type, action, id, attributes, timeNano }: EngineEvent): string {
  const pairs = sorted(attributes).map(([key, value]) => `${key}=${value}`);
  const tail = pairs.length === 0 ? '' : ` (${pairs.join(', ')})`;
  return `${localTime(timeNano)} ${visible(`${type} ${action} ${id}${tail}`)}\n`;
}

/** RFC 3339 with nine digits, in local time. */
function localTime(ns: bigint): string {
  const time = new Date(Number(ns / NS_PER_MS));
  const offset = -time.getTimezoneOffset();
  const shifted = new Date(time.getTime() + offset * 60_000).toISOString().slice(0, 19);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const size = Math.abs(offset);
  const zone = offset === 0 ? 'Z' : `${offset < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)}`;
  return `${shifted}.${String(ns % NS_PER_S).padStart(9, '0')}${zone}`;
}

/** Nanoseconds are more than a number of JavaScript holds. */
function json(event: EngineEvent): string {
  return `${visibleJson(message(event)).slice(0, -1)},"timeNano":${event.timeNano}}\n`;
}

function throughTemplate(template: ObjectTemplate): (event: EngineEvent) => string {
  return (event) => {
    const { Type, Action, Actor, scope, time, status = '', id = '', from = '' } = message(event);
    const attributes = Object.assign(Object.create(null), Actor.Attributes);
    return template.render({
      Type,
      Action,
      Actor: { ID: Actor.ID, Attributes: attributes },
      Scope: scope,
      Time: time,
      TimeNano: String(event.timeNano),
      Status: status,
      ID: id,
      From: from,
    });
  };
}

interface Message {
  status?: string;
  id?: string;
  from?: string;
  Type: string;
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  scope: string;
  time: number;
}

/** Returns an event as Docker's API has it, with the older names for events of containers and images. */
function message({ type, action, id, attributes, scope, timeNano }: EngineEvent): Message {
  const image = type === 'container' ? attributes['image'] : undefined;
  return {
    ...(type === 'container' || type === 'image' ? { status: action, id } : {}),
    ...(image === undefined ? {} : { from: image }),
    Type: type,
    Action: action,
    Actor: { ID: id, Attributes: Object.fromEntries(sorted(attributes)) },
    scope,
    time: Number(timeNano / NS_PER_S),
  };
}

function sorted(attributes: EngineEvent['attributes']): [string, string][] {
  return Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
}
