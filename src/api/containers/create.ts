import { checkCreateOptions } from '../../engine/options/check.ts';
import { createOptionsOf } from '../bodies/container.ts';
import type { Call } from '../http/call.ts';

/** ContainerCreate. The image is to be there: clients pull what they are told is missing. */
export async function createContainer({ engine, query, body, reply }: Call): Promise<void> {
  const options = createOptionsOf(await body(), {
    name: query.text('name'),
    platform: query.text('platform'),
  });
  const warnings = await checkCreateOptions(options);
  const image = await engine.images.find(options.image, options.platform);
  const id = await engine.containers.create(options, { image });
  reply.json({ Id: id, Warnings: warnings }, { status: 201 });
}
