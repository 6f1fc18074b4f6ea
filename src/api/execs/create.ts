import { execOptions } from '../bodies/exec.ts';
import type { Call } from '../http/call.ts';
import { JsonObject } from '../http/json.ts';

/** ExecCreate. */
export async function createExec({ engine, path, body, reply, version }: Call): Promise<void> {
  const options = execOptions(new JsonObject(await body()), version);
  const id = await engine.execs.create(path.name ?? '', options);
  reply.json({ Id: id }, { status: 201 });
}
