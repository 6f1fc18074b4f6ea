import type { Handover } from '../host/replace-process.ts';
import type { Context } from './context.ts';
import { createContainer } from './create-container.ts';
import type { CreateOptions } from './create-options.ts';
import type { FoundImage } from './image-store.ts';
import { prepareContainer } from './prepare-container.ts';
import { startContainer } from './start-container.ts';

/**
 * Creates a container and prepares its start in this very process (see `Containers.run`): all of it is decided, and
 * what cannot be is refused, before a row or a directory exists.
 */
export async function runContainer(
  context: Context,
  options: CreateOptions,
  { image, mode }: { image: FoundImage; mode: 'attach' | 'detach' },
): Promise<Handover> {
  for (;;) {
    const prepared = await prepareContainer(context, options, image.image);
    const created = await createContainer(context, prepared, { starting: true });
    if (created) return startContainer(context, prepared, mode);
  }
}
