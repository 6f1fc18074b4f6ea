import { type CacheUsage, cacheTypeOf } from '../../engine/build/cache-usage.ts';
import { fitsCacheFilters } from '../../engine/build/prune-cache.ts';
import type { Engine } from '../../engine/engine.ts';
import type { CachePruneFilters } from '../../engine/options/prune.ts';
import { EngineError } from '../../errors.ts';
import { collectCachePruneFilter } from '../../grammar/prune-filters.ts';
import type { ServerCall } from '../http/grpc-server.ts';
import { Message, ReadMessage } from './protobuf.ts';

const NS_PER_MS = 1_000_000;

/** Control.DiskUsage. Throws `invalid` for filters that are none. */
export async function tellUsage({ builder }: Engine, call: ServerCall): Promise<Buffer> {
  const request = new ReadMessage(await call.message());
  const filters = filtersOf(request, request.number(2));
  const response = new Message();
  for (const usage of await builder.usage())
    if (fitsCacheFilters(usage, filters)) response.message(1, recordOf(usage));
  return response.encoded();
}

/** Control.Prune: tells what has gone. Throws `invalid` for filters that are none. */
export async function pruneCache({ builder }: Engine, call: ServerCall): Promise<undefined> {
  const request = new ReadMessage(await call.message());
  const bytes = (field: number) => Number(request.number(field));
  const filters = filtersOf(request, request.number(3));
  const all = request.number(2) !== 0n;
  const before = await builder.usage();
  const limits = { reserved: bytes(4), most: bytes(5), free: bytes(6) };
  const deleted = new Set((await builder.prune({ ...filters, ...limits, all })).deleted);
  for (const usage of before) if (deleted.has(usage.entry.key)) await call.send(recordOf(usage).encoded());
}

/** moby.buildkit.v1.UsageRecord (buildkit, api/services/control/control.proto). */
function recordOf({ entry, size, inUse, shared }: CacheUsage): Message {
  const { key, kind, description, createdAt, usedAt, uses } = entry;
  const record = new Message()
    .text(1, key)
    .number(2, kind === 'mount')
    .number(3, inUse)
    .number(4, size);
  const timed = record.time(6, createdAt).time(7, usedAt).number(8, uses);
  return timed.text(9, description).text(10, cacheTypeOf(entry)).number(11, shared);
}

/**
 * Reads the filters of a request, in the first field, with the collector of the command line; `unused`: ns that what is meant was
 * not used. Throws `invalid` for those that are none, and `unsupported` for several of which one has to fit.
 */
export function filtersOf(request: ReadMessage, unused: bigint): CachePruneFilters {
  const [all = '', ...others] = request.texts(1);
  if (others.length > 0)
    throw new EngineError('unsupported', 'filters have to fit all: there are no others', {
      subject: others[0],
    });
  const until = unused === 0n ? undefined : Date.now() - Number(unused) / NS_PER_MS;
  let filters: CachePruneFilters = {};
  for (const filter of all.split(','))
    if (filter !== '') filters = collectCachePruneFilter(wordsOf(filter), filters);
  return until === undefined ? filters : { ...filters, until };
}

/** A filter of containerd (containerd, pkg/filters) as the command line has it: `type==regular`, `id~=part`, `inuse`. */
function wordsOf(filter: string): string {
  const [, name = '', operator = '', value = 'true'] = /^(\w+)(?:(==|~=)(.*))?$/s.exec(filter) ?? [];
  const isFit = name === 'id' ? operator === '~=' : operator !== '~=';
  if (isFit && name !== '') return `${name}=${value}`;
  throw new EngineError('invalid', `invalid filter "${filter}"`, { subject: filter });
}
