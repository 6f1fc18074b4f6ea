import type { Call } from '../http/call.ts';

export async function inspectContainer({ engine, path, query, reply }: Call): Promise<void> {
  reply.json(await engine.containers.inspect(path.name ?? '', { size: query.flag('size') }));
}
