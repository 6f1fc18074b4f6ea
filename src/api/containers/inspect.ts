import { shownFor } from '../bodies/differences.ts';
import { CONTAINER } from '../bodies/older-answers.ts';
import type { Call } from '../http/call.ts';

export async function inspectContainer({ engine, path, query, reply, version }: Call): Promise<void> {
  const container = await engine.containers.inspect(path.name ?? '', { size: query.flag('size') });
  reply.json(shownFor(version, CONTAINER)(container));
}
