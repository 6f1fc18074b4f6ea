/** The name that a mistyped one probably means: at most two letters away, or a part of it; undefined: none is near. */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  const ranked = names.map((name) => ({ name, distance: distance(typed, name) }));
  const best = ranked.sort((one, other) => one.distance - other.distance)[0];
  if (best !== undefined && best.distance <= Math.min(2, Math.floor(typed.length / 2))) return best.name;
  return typed.length < 3 ? undefined : names.find((name) => name.includes(typed));
}

/** Letters to insert, remove or replace (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1];
    for (const [j, otherLetter] of [...other].entries()) {
      const replaced = (row[j] ?? 0) + (letter === otherLetter ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
