import { USAGE_TYPES } from '../../engine/reports/data-usage.ts';
import { EngineError } from '../../errors.ts';
import { statusText } from '../../grammar/status-text.ts';
import { shownFor } from '../bodies/differences.ts';
import { DISK_USAGE } from '../bodies/older-answers.ts';
import type { Call } from '../http/call.ts';

/** SystemDataUsage, whole or of some types. */
export async function diskUsage({ engine, query, request, reply, answers, version }: Call): Promise<void> {
  const asked = query.list('type');
  const types = asked.length === 0 ? USAGE_TYPES : asked.map(typeOf);
  const find = async () => {
    const usage = await engine.dataUsage({ types, statusOf: statusText });
    return shownFor(version, DISK_USAGE)(usage);
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
