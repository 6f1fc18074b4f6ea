/** The highest id that is read; no machine has higher ones. It keeps `0-999999999` from filling memory. */
const ID_MAX = 8192;

/**
 * The ids of a list as cpuset(7) has it (`0-3,8`), ascending and each once; undefined when it is none. An empty text is
 * an empty list.
 */
export function parseIdList(text: string): number[] | undefined {
  const ids = new Set<number>();
  if (text === '') return [];
  for (const part of text.split(',')) {
    const [, first = '', last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === '' || from > to || to > ID_MAX) return undefined;
    for (let id = from; id <= to; id += 1) ids.add(id);
  }
  return [...ids].sort((a, b) => a - b);
}

/** Returns the ids of `wanted` that are not in `available`. */
export function missingIds(wanted: readonly number[], available: readonly number[]): number[] {
  return wanted.filter((id) => !available.includes(id));
}
