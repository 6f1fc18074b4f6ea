import type { CachePruneFilters, LabelFilter, PruneFilters } from '../engine/options/prune.ts';
import { EngineError } from '../errors.ts';
import { moment } from './moment.ts';
import { booleanWord } from './words.ts';

const NS_PER_MS = 1_000_000n;

/** Collects `--filter until=…`, `label=KEY[=VALUE]` and `label!=KEY[=VALUE]` of `prune`. Throws `invalid`. */
export function collectPruneFilter(text: string, previous: PruneFilters = {}): PruneFilters {
  const [, name = '', negation = '', value = ''] = /^(\w+)(!?)=(.+)$/.exec(text) ?? [];
  switch (`${name}${negation}`) {
    case 'until':
      if (previous.until !== undefined)
        throw new EngineError('invalid', 'more than one filter until', { subject: text });
      return { ...previous, until: Number(moment('time')(value) / NS_PER_MS) };
    case 'label':
    case 'label!':
      return { ...previous, labels: [...(previous.labels ?? []), labelFilter(value, negation === '!')] };
    default:
      throw new EngineError('invalid', `invalid filter "${text}"`, {
        subject: text,
        hint: 'there are until=TIME, label=KEY[=VALUE] and label!=KEY[=VALUE]',
      });
  }
}

function labelFilter(text: string, negated: boolean): LabelFilter {
  const equals = text.indexOf('=');
  if (equals < 0) return { key: text, negated };
  return { key: text.slice(0, equals), value: text.slice(equals + 1), negated };
}

/** Those of `volume prune`; `all`: also volumes that somebody has named. */
export interface VolumePruneFilters extends PruneFilters {
  all?: boolean | undefined;
}

/** The same with Docker's `all=BOOLEAN`, for `volume prune`. */
export function collectVolumePruneFilter(
  text: string,
  previous: VolumePruneFilters = {},
): VolumePruneFilters {
  const [, value] = /^all=(.*)$/.exec(text) ?? [];
  if (value === undefined) return { ...previous, ...collectPruneFilter(text, previous) };
  const all = booleanWord(value);
  if (all !== undefined) return { ...previous, all };
  throw new EngineError('invalid', `invalid filter "${text}"`, { subject: text, hint: 'use all=true' });
}

/** Those of `image prune`; `dangling`: only images without a tag (the default), or not only these. */
export interface ImagePruneFilters extends PruneFilters {
  dangling?: boolean | undefined;
}

/** The same with Docker's `dangling=BOOLEAN`, for `image prune`. */
export function collectImagePruneFilter(text: string, previous: ImagePruneFilters = {}): ImagePruneFilters {
  const [, value] = /^dangling=(.*)$/.exec(text) ?? [];
  if (value === undefined) return { ...previous, ...collectPruneFilter(text, previous) };
  const dangling = booleanWord(value);
  if (dangling !== undefined) return { ...previous, dangling };
  throw new EngineError('invalid', `invalid filter "${text}"`, {
    subject: text,
    hint: 'use dangling=true or dangling=false',
  });
}

/** Those of `builder prune` that are true or false; `private` is another word for not shared. */
const CACHE_FLAGS = ['inuse', 'shared', 'private'];

/** Collects `--filter` of `builder prune`, each once: `until=TIME`, `id=PART`, and what `system df` tells. Throws `invalid`. */
export function collectCachePruneFilter(text: string, previous: CachePruneFilters = {}): CachePruneFilters {
  const [, name = '', value = ''] = /^(\w+)=(.+)$/s.exec(text) ?? [];
  const filter = cacheFilter(name, value);
  if (filter === undefined)
    throw new EngineError('invalid', `invalid filter "${text}"`, {
      subject: text,
      hint: 'there are until=TIME, id=PART, type=TYPE, description=TEXT, and inuse, shared, private=BOOLEAN',
    });
  if (Object.keys(filter).some((key) => key in previous))
    throw new EngineError('invalid', `more than one filter ${name}`, { subject: text });
  return { ...previous, ...filter };
}

function cacheFilter(name: string, value: string): CachePruneFilters | undefined {
  if (name === 'until') return { until: Number(moment('time')(value) / NS_PER_MS) };
  if (name === 'id' || name === 'type' || name === 'description') return { [name]: value };
  const flag = CACHE_FLAGS.includes(name) ? booleanWord(value) : undefined;
  if (flag === undefined) return undefined;
  if (name === 'inuse') return { inUse: flag };
  return { shared: (name === 'shared') === flag };
}
