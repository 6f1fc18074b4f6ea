import { EngineError } from '../errors.ts';

/** Values by the filter's name: those of one name are alternatives unless the filter says otherwise. */
export type Filters = Map<string, string[]>;

/** Collects `--filter KEY=VALUE`, the key in any case. Throws `invalid`; which keys there are is the engine's to say. */
export function collectFilter(text: string, previous: Filters = new Map()): Filters {
  const equals = text.indexOf('=');
  if (equals < 0) {
    throw new EngineError('invalid', `bad format of filter "${text}" (expected name=value)`, {
      subject: text,
    });
  }
  const key = text.slice(0, equals).trim().toLowerCase();
  const value = text.slice(equals + 1).trim();
  return new Map([...previous, [key, [...(previous.get(key) ?? []), value]]]);
}
