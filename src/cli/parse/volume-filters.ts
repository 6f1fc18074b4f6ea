import type { VolumeFilters } from '../../engine/options/volume.ts';
import { EngineError } from '../../errors.ts';
import type { Filters } from './filters.ts';
import { booleanWord } from './words.ts';

const LISTS = ['driver', 'name', 'label'] as const;
const NAMES: readonly string[] = [...LISTS, 'dangling'];

/** The filters of `volume ls`. Throws `invalid` for a name or a value that is none. */
export function volumeFilters(filters: Filters): VolumeFilters {
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
