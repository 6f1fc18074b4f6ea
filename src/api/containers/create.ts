import { checkCreateOptions } from '../../engine/options/check.ts';
import { createOptionsOf } from '../bodies/container.ts';
import { createWarnings } from '../bodies/older-container.ts';
import type { Call } from '../http/call.ts';
import { JsonObject } from '../http/json.ts';

/** ContainerCreate. The image is to be there: clients pull what they are told is missing. */
export async function createContainer({ engine, query, body, reply, version }: Call): Promise<void> {
  const request = new JsonObject(await body());
  const options = createOptionsOf(request, {
    name: query.text('name'),
    platform: query.text('platform'),
    version,
  });
  const warnings = [...(await checkCreateOptions(options)), ...createWarnings(version, request)];
  const image = await engine.images.find(options.image, options.platform);
  const id = await engine.containers.create(options, { image });
  reply.json({ Id: id, Warnings: warnings }, { status: 201 });
}
