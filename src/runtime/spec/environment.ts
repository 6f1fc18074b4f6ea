/**
 * Applies entries to an environment, the later ones on top, as Docker does: `KEY=VALUE` sets a variable, which keeps
 * the place that it had, and `KEY` alone takes it away. Returns `KEY=VALUE` entries only. Pure.
 */
export function applyEnvironment(base: readonly string[], changes: readonly string[]): string[] {
  const entries = new Map<string, string>();
  for (const entry of [...base, ...changes]) {
    const equals = entry.indexOf('=');
    if (equals > 0) entries.set(entry.slice(0, equals), entry);
    else entries.delete(entry);
  }
  return [...entries.values()];
}
