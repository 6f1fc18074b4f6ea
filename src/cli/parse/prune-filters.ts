import type { LabelFilter, PruneFilters } from '../../engine/options/prune.ts';
import { EngineError } from '../../errors.ts';
import { moment } from './moment.ts';

const NS_PER_MS = 1_000_000n;

/** Collects `--filter until=…`, `label=KEY[=VALUE]` and `label!=KEY[=VALUE]` of `prune`. Throws `invalid`. */
export function collectPruneFilter(text: string, previous: PruneFilters = {}): PruneFilters {
  const [, name = '', negation = '', value = ''] = /^(\w+)(!?)=(.+)$/.exec(text) ?? [];
  switch (`${name}${negation}`) {
    case 'until':
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
