import { environmentEntry } from '../../grammar/environment.ts';
import type { JsonObject } from '../http/json.ts';

/** Reads `Env`, for a container and for an exec: a name alone takes the variable away. Throws `invalid` for one without a name. */
export function environmentOf(config: JsonObject): string[] | undefined {
  const collect = environmentEntry({});
  return config.texts('Env')?.reduce<string[]>((before, entry) => collect(entry, before), []);
}
