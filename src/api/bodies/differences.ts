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

/**
 * Returns what makes an answer for the newest version one for another version. It changes the answer itself, which is there for
 * one request: lists are long, and copies would take their time.
 */
export function shownFor(
  version: number,
  differences: readonly Difference[],
): <Answer extends object>(answer: Answer) => Answer {
  const changes = differences
    .filter(({ from = 0, before = Number.POSITIVE_INFINITY }) => version >= from && version < before)
    .map(({ at, as }) => changeAt(at.split('.'), as));
  return (answer) => {
    for (const change of changes) change(answer, answer as unknown as Part);
    return answer;
  };
}

/** Whether a member is in the answers of a version: what is not need not be found. */
export function isShown(version: number, differences: readonly Difference[], at: string): boolean {
  return !differences.some(
    ({ from = 0, before = Number.POSITIVE_INFINITY, ...difference }) =>
      difference.at === at && difference.as === undefined && version >= from && version < before,
  );
}

type Change = (part: unknown, whole: Part) => void;

function changeAt([name = '', ...rest]: readonly string[], as: Difference['as']): Change {
  if (rest.length === 0) return onObjects(as === undefined ? hide(name) : show(name, as));
  const change = changeAt(rest, as);
  if (name !== '*') return onObjects((holder, whole) => change(holder[name], whole));
  return onObjects((holder, whole) => {
    for (const key of Object.keys(holder)) change(holder[key], whole);
  });
}

function onObjects(change: (holder: Record<string, unknown>, whole: Part) => void): Change {
  return (part, whole) => {
    if (typeof part === 'object' && part !== null) change(part as Record<string, unknown>, whole);
  };
}

/** What is undefined is not in the JSON. */
function hide(name: string): (holder: Record<string, unknown>) => void {
  return (holder) => {
    if (name in holder) holder[name] = undefined;
  };
}

function show(name: string, as: NonNullable<Difference['as']>) {
  return (holder: Record<string, unknown>, whole: Part) => {
    const value = as(holder, whole);
    Object.defineProperty(holder, name, { value, enumerable: true, writable: true, configurable: true });
  };
}
