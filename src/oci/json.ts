import { EngineError } from '../errors.ts';

/** A JSON object whose members have not been looked at yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Decodes bytes as strict UTF-8 JSON; throws `invalid` naming `what`, which is what the user knows the text as. */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new EngineError('invalid', `${what} is not JSON`, { cause });
  }
}

/** The value as an object; throws `invalid` for anything else. */
export function asObject(value: unknown, what: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw wrongType(what, 'an object', value);
}

/** The value as text; throws `invalid` for anything else. */
export function asString(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  throw wrongType(what, 'a string', value);
}

/** The value as a flag; throws `invalid` for anything else. */
export function asBoolean(value: unknown, what: string): boolean {
  if (typeof value === 'boolean') return value;
  throw wrongType(what, 'true or false', value);
}

/** The value as a whole number of 0 or more that a double holds exactly; throws `invalid` for anything else. */
export function asCount(value: unknown, what: string): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw wrongType(what, 'a whole number of 0 or more', value);
}

/** The value as a whole number, also a negative or a large one; throws `invalid` for anything else. */
export function asInteger(value: unknown, what: string): number {
  if (Number.isInteger(value)) return value as number;
  throw wrongType(what, 'a whole number', value);
}

/** The value as a list whose items `read` accepts; throws `invalid` for anything else. */
export function asList<T>(value: unknown, what: string, read: (item: unknown, what: string) => T): T[] {
  if (Array.isArray(value)) return value.map((item, index) => read(item, `${what}[${index}]`));
  throw wrongType(what, 'a list', value);
}

/** The value as an object that maps names to what `read` accepts, without a prototype to collide with. */
export function asMap<T>(
  value: unknown,
  what: string,
  read: (item: unknown, what: string) => T,
): Record<string, T> {
  const map: Record<string, T> = Object.create(null);
  for (const [name, item] of Object.entries(asObject(value, what))) {
    map[name] = read(item, `${what}["${name}"]`);
  }
  return map;
}

/** Applies `read` unless the member is absent or null: Go programs write null for what is empty. */
export function optional<T>(
  value: unknown,
  what: string,
  read: (value: unknown, what: string) => T,
): T | undefined {
  return value === undefined || value === null ? undefined : read(value, what);
}

/** Reads a member that is only shown to people: one that `read` does not accept counts as absent. */
export function shown<T>(
  value: unknown,
  what: string,
  read: (value: unknown, what: string) => T,
): T | undefined {
  try {
    return optional(value, what, read);
  } catch {
    return undefined;
  }
}

function wrongType(what: string, expected: string, value: unknown): EngineError {
  const found = value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
  return new EngineError('invalid', `${what} must be ${expected}, but is ${found}`);
}
