import { booleanFilter, checkFilterNames } from '../engine/options/filters.ts';
import type { NetworkFilters } from '../engine/options/network.ts';
import type { Filters } from './filters.ts';
import { oneOf } from './words.ts';

const LISTS = ['driver', 'id', 'name', 'scope', 'label'] as const;
const NAMES: readonly string[] = [...LISTS, 'type', 'dangling'];

/** The filters of `network ls`. Throws `invalid` for a name or a value that is none. */
export function networkFilters(filters: Filters): NetworkFilters {
  checkFilterNames(filters, NAMES);
  const dangling = booleanFilter(filters, 'dangling');
  return {
    ...Object.fromEntries(LISTS.flatMap((name) => (filters.has(name) ? [[name, filters.get(name)]] : []))),
    ...(filters.has('type') && { type: filters.get('type')?.map(oneOf('custom', 'builtin')) }),
    ...(dangling !== undefined && { dangling }),
  };
}
