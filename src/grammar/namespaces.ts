import type { IdRange, NamespaceOptions, SharedWith } from '../engine/options/create.ts';
import { EngineError } from '../errors.ts';

const ID_MAX = 2 ** 32 - 1;

type TimeOffsets = NonNullable<NamespaceOptions['timeOffsets']>;

/**
 * A parser for `--pid` and its kind: one of a few words, or `container:NAME`, or empty, which is as good as absent to Docker. Throws `invalid`, naming the option.
 */
export function namespaceMode<Word extends string>(
  option: string,
  ...words: readonly Word[]
): (text: string) => Word | SharedWith | '' {
  return (text) => {
    if (text === '') return '';
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    const container = /^container:(.+)$/.exec(text)?.[1];
    if (container !== undefined) return { container };
    throw new EngineError('invalid', `${option} "${text}" is not known`, {
      subject: text,
      hint: `use ${words.join(', ')} or container:NAME`,
    });
  };
}

/** `--uidmap` and `--gidmap INSIDE:OUTSIDE[:COUNT]`; one id when there is no count. Throws `invalid`. */
export function parseIdRange(text: string): IdRange {
  const match = /^(\d{1,10}):(\d{1,10})(?::(\d{1,10}))?$/.exec(text);
  const [inside, outside, count] = [match?.[1], match?.[2], match?.[3] ?? '1'].map(Number);
  if (match !== null && inside !== undefined && outside !== undefined && count !== undefined && count > 0) {
    // The last id is no id: it means "none" to chown(2).
    if (inside + count <= ID_MAX && outside + count <= ID_MAX) return { inside, outside, count };
  }
  throw new EngineError('invalid', `invalid range of ids: "${text}"`, {
    subject: text,
    hint: 'write INSIDE:OUTSIDE:COUNT, as in 0:100000:65536',
  });
}

/** Collects `--time-offset`: `monotonic=SECONDS`, `boottime=SECONDS`, or `SECONDS` for both. Throws `invalid`. */
export function collectTimeOffset(text: string, previous: TimeOffsets = {}): TimeOffsets {
  const [, clock, digits] = /^(?:(monotonic|boottime)=)?([+-]?\d{1,10})$/.exec(text) ?? [];
  if (digits === undefined) {
    throw new EngineError('invalid', `invalid time offset: "${text}"`, {
      subject: text,
      hint: 'write whole seconds, for one clock monotonic=SECONDS or boottime=SECONDS',
    });
  }
  const seconds = Number(digits);
  return clock === undefined ? { monotonic: seconds, boottime: seconds } : { ...previous, [clock]: seconds };
}
