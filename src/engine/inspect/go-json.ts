/**
 * How Go writes objects as JSON, where that differs from how JavaScript does: what scripts and templates written for
 * Docker count on. Maps are objects without a prototype, all others are structs; what Go leaves out of the JSON because
 * it is empty is a property all the same, only not an enumerable one, so that a template finds it.
 */

/** A map: its keys are data, in order. */
export function mapOf<Value>(members: Readonly<Record<string, Value>> = {}): Record<string, Value> {
  const map: Record<string, Value> = Object.create(null);
  for (const key of Object.keys(members).sort()) map[key] = members[key] as Value;
  return map;
}

/** A list that is null as JSON when it is empty, as a slice that nobody made. */
export function listOrNull<Item>(items: readonly Item[] = []): readonly Item[] {
  return items.length > 0 ? items : hidden([], { toJSON: () => null });
}

/** A map that is null as JSON when it is empty. */
export function mapOrNull<Value>(members: Readonly<Record<string, Value>> = {}): Record<string, Value> {
  const map = mapOf(members);
  return Object.keys(map).length > 0 ? map : hidden(map, { toJSON: () => null });
}

/** Returns the object, of which these members do not show as JSON while they are empty (Go's `omitempty`). */
export function omitEmpty<Struct extends object>(
  struct: Struct,
  ...names: (keyof Struct & string)[]
): Struct {
  for (const name of names) {
    const value: unknown = struct[name];
    if (isEmpty(value)) Object.defineProperty(struct, name, { value: value ?? null, enumerable: false });
  }
  return struct;
}

/** Returns the object with members that show in templates only: Go's names where its JSON has others. */
export function hidden<Target extends object>(
  target: Target,
  members: Readonly<Record<string, unknown>>,
): Target {
  for (const [name, value] of Object.entries(members))
    Object.defineProperty(target, name, { value, enumerable: false });
  return target;
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value === 'object' && value !== null)
    return Object.getPrototypeOf(value) === null && Object.keys(value).length === 0;
  return value === undefined || value === null || value === '' || value === 0 || value === false;
}
