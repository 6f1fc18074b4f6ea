import { restartPolicy } from '../bodies/container.ts';
import { resourceOptions } from '../bodies/host-config.ts';
import { checkUnread, UNREAD_RESOURCES } from '../bodies/unread.ts';
import type { Call } from '../http/call.ts';
import { JsonObject } from '../http/json.ts';

/** ContainerUpdate: limits and the restart policy. */
export async function updateContainer({ engine, path, body, reply }: Call): Promise<void> {
  const request = new JsonObject(await body());
  checkUnread(request, UNREAD_RESOURCES);
  const { cgroupParent, ...resources } = resourceOptions(request);
  if (cgroupParent !== undefined) throw request.refusal('CgroupParent', 'it cannot be changed');
  const policy = request.object('RestartPolicy');
  const restart = policy?.text('Name') === 'no' ? ({ name: 'no' } as const) : restartPolicy(policy);
  await engine.containers.update(path.name ?? '', { ...resources, restart });
  reply.json({ Warnings: null });
}
