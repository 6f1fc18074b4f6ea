import { EngineError } from '../../errors.ts';
import { nearestName } from '../../nearest-name.ts';

/** Values by the filter's name, as `--filter` gives them: several of one name are alternatives. */
export type FilterArgs = ReadonlyMap<string, readonly string[]>;

/** Throws `invalid` for a name that is not among `known`. */
export function checkFilterNames(filters: FilterArgs, known: readonly string[]): void {
  for (const name of filters.keys()) {
    if (known.includes(name)) continue;
    const close = nearestName(name, known);
    throw new EngineError('invalid', `invalid filter '${name}'`, {
      subject: name,
      hint: close === undefined ? `the filters are ${known.join(', ')}` : `did you mean ${close}`,
    });
  }
}

export function badFilterValue(name: string, value: string, hint: string): EngineError {
  return new EngineError('invalid', `invalid filter '${name}=${value}'`, { subject: value, hint });
}

/** Reads a boolean of a filter as Docker does. Throws `invalid`. */
export function booleanFilter(filters: FilterArgs, name: string): boolean | undefined {
  const value = filters.get(name)?.at(-1);
  if (value === undefined) return undefined;
  if (/^(1|true)$/i.test(value)) return true;
  if (/^(0|false)$/i.test(value)) return false;
  throw badFilterValue(name, value, 'use true or false');
}

/** Whether labels have all that `label=` asks for: `key` or `key=value`. */
export function hasLabels(labels: Readonly<Record<string, string>>, wanted: readonly string[]): boolean {
  return wanted.every((one) => {
    const equals = one.indexOf('=');
    const key = equals < 0 ? one : one.slice(0, equals);
    return Object.hasOwn(labels, key) && (equals < 0 || labels[key] === one.slice(equals + 1));
  });
}

/** A matcher for values that are regular expressions, or plain text where they are none. */
export function matcher(patterns: readonly string[]): (text: string) => boolean {
  const tests = patterns.map((pattern) => {
    try {
      const expression = new RegExp(pattern);
      return (text: string) => expression.test(text);
    } catch {
      return (text: string) => text === pattern;
    }
  });
  return (text) => tests.some((test) => test(text));
}
