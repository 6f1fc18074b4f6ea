import { badFilterValue, booleanFilter, knownFilters } from '../engine/options/filters.ts';
import type { NetworkFilters } from '../engine/options/network.ts';
import type { Filters } from './filters.ts';

const LISTS = ['driver', 'id', 'name', 'scope', 'label'] as const;
const NAMES: readonly string[] = [...LISTS, 'type', 'dangling'];

/** The filters of `network ls`. Throws `invalid` for a name or a value that is none. */
export function networkFilters(given: Filters): NetworkFilters {
  const filters = knownFilters(given, NAMES);
  const dangling = booleanFilter(filters, 'dangling');
  return {
    ...Object.fromEntries(LISTS.flatMap((name) => (filters.has(name) ? [[name, filters.get(name)]] : []))),
    ...(filters.has('type') && { type: filters.get('type')?.map(typeOfNetwork) }),
    ...(dangling !== undefined && { dangling }),
  };
}

function typeOfNetwork(word: string): 'custom' | 'builtin' {
  if (word === 'custom' || word === 'builtin') return word;
  throw badFilterValue('type', word, 'use custom or builtin');
}
