/** A part of an answer: an object of JSON. */
export type Part = Readonly<Record<string, unknown>>;

/**
 * In what the answers of some versions of the API differ from those of the newest: in one member. `at` is its place, by the names
 * that lead to it, `*` for each of a list or map: `NetworkSettings.Networks.*.DNSNames`.
 */
export interface Difference {
  at: string;
  /** The first version, by its minor number, that differs; absent: the oldest. */
  from?: number;
  /** The first version that does not differ any more; absent: it goes on. */
  before?: number;
  /** What is shown there: of the object that has the member, and the whole answer. Absent: the member is not there. */
  as?: (holder: Part, whole: Part) => unknown;
}

/** Returns an answer, made for the newest version, as another one has it. It is not changed itself. */
export function shownFor(version: number, answer: object, differences: readonly Difference[]): object {
  let shown = answer as Part;
  for (const { at, from = 0, before = Number.POSITIVE_INFINITY, as } of differences)
    if (version >= from && version < before)
      shown = changed(shown, at.split('.'), { whole: shown, as }) as Part;
  return shown;
}

interface Change {
  as: Difference['as'] | undefined;
  whole: Part;
}

function changed(part: unknown, [name = '', ...rest]: readonly string[], change: Change): unknown {
  if (typeof part !== 'object' || part === null) return part;
  if (name === '*') return each(part, (one) => changed(one, rest, change));
  const holder = part as Part;
  if (rest.length > 0)
    return name in holder ? { ...holder, [name]: changed(holder[name], rest, change) } : holder;
  if (change.as !== undefined) return { ...holder, [name]: change.as(holder, change.whole) };
  const { [name]: _gone, ...others } = holder;
  return others;
}

function each(part: object, change: (one: unknown) => unknown): object {
  if (Array.isArray(part)) return part.map(change);
  return Object.fromEntries(Object.entries(part).map(([key, one]) => [key, change(one)]));
}
