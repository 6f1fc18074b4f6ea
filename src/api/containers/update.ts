import { checkAsMade, containerChanges } from '../bodies/update.ts';
import type { Call } from '../http/call.ts';
import { JsonObject } from '../http/json.ts';

/** ContainerUpdate: limits and the restart policy. One that says nothing changes nothing, as with Docker. */
export async function updateContainer({ engine, path, body, reply }: Call): Promise<void> {
  const [name, request] = [path.name ?? '', new JsonObject(await body())];
  const changes = containerChanges(request);
  await checkAsMade(request, async () => {
    const { HostConfig } = (await engine.containers.inspect(name)) as { HostConfig: object };
    // As clients have got it.
    return JSON.parse(JSON.stringify(HostConfig));
  });
  await engine.containers.update(name, changes);
  reply.json({ Warnings: null });
}
