import type { PruneFilters } from '../../engine/options/prune.ts';
import { EngineError } from '../../errors.ts';
import type { Filters } from '../../grammar/filters.ts';

/**
 * Reads `filters` of a prune with the collector of the command line, text by text: `label!` is a name of its own there.
 * `besides`: the filters that there are besides `until` and `label`. Throws `invalid`, also for an unknown one without words.
 */
export function pruneFilters<Wanted extends PruneFilters>(
  filters: Filters,
  collect: (text: string, previous?: Wanted) => Wanted,
  besides: readonly string[] = [],
): Wanted {
  const known = ['until', 'label', 'label!', ...besides];
  let wanted: Wanted | undefined;
  for (const [name, values] of filters) {
    if (!known.includes(name))
      throw new EngineError('invalid', `invalid filter '${name}'`, { subject: name });
    for (const value of values) wanted = collect(`${name}=${value}`, wanted);
  }
  return wanted ?? ({} as Wanted);
}
