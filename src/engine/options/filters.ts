import { EngineError } from '../../errors.ts';
import { nearestName } from '../../nearest-name.ts';

/** Values by the filter's name, as `--filter` gives them: several of one name are alternatives. */
export type FilterArgs = ReadonlyMap<string, readonly string[]>;

/** The filters that say something: one without values leaves nothing out. Throws `invalid` for a name that is not among `known`. */
export function knownFilters(filters: FilterArgs, known: readonly string[]): FilterArgs {
  for (const name of filters.keys()) {
    if (known.includes(name)) continue;
    const close = nearestName(name, known);
    throw new EngineError('invalid', `invalid filter '${name}'`, {
      subject: name,
      hint: close === undefined ? `the filters are ${known.join(', ')}` : `did you mean ${close}`,
    });
  }
  return new Map([...filters].filter(([, values]) => values.length > 0));
}

export function badFilterValue(name: string, value: string, hint: string): EngineError {
  return new EngineError('invalid', `invalid filter '${name}=${value}'`, { subject: value, hint });
}

/** Reads a boolean of a filter as Docker does. Throws `invalid`, also when it is said to be both. */
export function booleanFilter(filters: FilterArgs, name: string): boolean | undefined {
  const values = filters.get(name) ?? [];
  const said = new Set(values.map((value) => truth(name, value)));
  if (said.size > 1) throw badFilterValue(name, values.join(), 'use either true or false');
  return [...said][0];
}

function truth(name: string, value: string): boolean {
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

/** A matcher for values that are regular expressions, with Go's flags before them (`(?i)`), or plain text where they are none. */
export function matcher(patterns: readonly string[]): (text: string) => boolean {
  const tests = patterns.map((pattern) => {
    const [, flags = '', source = pattern] = /^\(\?([ims]+)\)(.*)$/s.exec(pattern) ?? [];
    try {
      const expression = new RegExp(source, flags);
      return (text: string) => expression.test(text);
    } catch {
      return (text: string) => text === pattern;
    }
  });
  return (text) => tests.some((test) => test(text));
}
