import type { NetworkFilters } from '../../engine/options/network.ts';
import { EngineError } from '../../errors.ts';
import type { Filters } from './filters.ts';
import { booleanWord, oneOf } from './words.ts';

const LISTS = ['driver', 'id', 'name', 'scope', 'label'] as const;
const NAMES: readonly string[] = [...LISTS, 'type', 'dangling'];

/** The filters of `network ls`. Throws `invalid` for a name or a value that is none. */
export function networkFilters(filters: Filters): NetworkFilters {
  for (const name of filters.keys()) {
    if (NAMES.includes(name)) continue;
    throw new EngineError('invalid', `invalid filter '${name}'`, {
      subject: name,
      hint: `the filters are ${NAMES.join(', ')}`,
    });
  }
  const dangling = filters.get('dangling')?.at(-1);
  return {
    ...Object.fromEntries(LISTS.flatMap((name) => (filters.has(name) ? [[name, filters.get(name)]] : []))),
    ...(filters.has('type') && { type: filters.get('type')?.map(oneOf('custom', 'builtin')) }),
    ...(dangling !== undefined && { dangling: danglingWord(dangling) }),
  };
}

function danglingWord(text: string): boolean {
  const word = booleanWord(text);
  if (word !== undefined) return word;
  throw new EngineError('invalid', `invalid filter 'dangling=${text}'`, {
    subject: text,
    hint: 'use true or false',
  });
}
