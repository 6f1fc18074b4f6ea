import { USAGE_TYPES } from '../../engine/reports/data-usage.ts';
import { EngineError } from '../../errors.ts';
import { statusText } from '../../grammar/status-text.ts';
import { listedImageFor } from '../bodies/older-image.ts';
import type { Call } from '../http/call.ts';

/** The version of the API (1.42) since which the sum of the cache of builds is no member of its own. */
const NO_BUILDER_SIZE_SINCE = 42;

/** SystemDataUsage, whole or of some types. */
export async function diskUsage({ engine, query, request, reply, answers, version }: Call): Promise<void> {
  const asked = query.list('type');
  const types = asked.length === 0 ? USAGE_TYPES : asked.map(typeOf);
  const find = async () => {
    const usage = await engine.dataUsage({ types, statusOf: statusText });
    const cache = usage.BuildCache;
    return {
      ...usage,
      Images: usage.Images?.map((image) => listedImageFor(version, image)) ?? null,
      ...(version < NO_BUILDER_SIZE_SINCE
        ? { BuilderSize: cache?.reduce((sum, { Size }) => sum + Size, 0) ?? 0 }
        : {}),
    };
  };
  reply.madeJson(await answers.ask(request.url ?? '', find));
}

function typeOf(text: string): (typeof USAGE_TYPES)[number] {
  const type = USAGE_TYPES.find((each) => each === text);
  if (type !== undefined) return type;
  throw new EngineError('invalid', `unknown object type: ${text}`, {
    subject: text,
    hint: `use ${USAGE_TYPES.join(', ')}`,
  });
}
