import { booleanFilter, knownFilters } from '../engine/options/filters.ts';
import type { VolumeFilters } from '../engine/options/volume.ts';
import type { Filters } from './filters.ts';

const LISTS = ['driver', 'name', 'label'] as const;
const NAMES: readonly string[] = [...LISTS, 'dangling'];

/** The filters of `volume ls`. Throws `invalid` for a name or a value that is none. */
export function volumeFilters(given: Filters): VolumeFilters {
  const filters = knownFilters(given, NAMES);
  const dangling = booleanFilter(filters, 'dangling');
  return {
    ...Object.fromEntries(LISTS.flatMap((name) => (filters.has(name) ? [[name, filters.get(name)]] : []))),
    ...(dangling !== undefined && { dangling }),
  };
}
