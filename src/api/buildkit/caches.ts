import type { CacheSource, CacheTarget } from '../../engine/build/cache-options.ts';
import { EngineError } from '../../errors.ts';
import { collectCacheSource, collectCacheTarget } from '../../grammar/build-cache.ts';
import type { ReadMessage } from './protobuf.ts';

/** Caches that a build is to read. Throws `unsupported` for those of the client, and as `collectCacheSource`. */
export function cacheSources(entries: readonly ReadMessage[]): CacheSource[] {
  return entries.flatMap((entry) => collectCacheSource(fieldsOf(entry)));
}

/** Caches that a build is to write. Throws `unsupported` for those of the client, and as `collectCacheTarget`. */
export function cacheTargets(entries: readonly ReadMessage[]): CacheTarget[] {
  return entries.flatMap((entry) => collectCacheTarget(fieldsOf(entry)));
}

/** A CacheOptionsEntry, as the command line has it. */
function fieldsOf(entry: ReadMessage): string {
  const type = entry.text(1);
  if (type === 'local')
    throw new EngineError('unsupported', "a cache cannot be in the client's directory", {
      hint: 'use one of a registry',
    });
  const fields = [...entry.map(2)].map(([name, value]) => `,${quoted(`${name}=${value}`)}`);
  return `type=${type}${fields.join('')}`;
}

/** A field of CSV. */
function quoted(field: string): string {
  return /[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
