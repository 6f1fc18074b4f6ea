import type { Handover } from '../host/replace-process.ts';
import type { Context } from './context.ts';
import { createContainer } from './create-container.ts';
import type { CreateOptions } from './create-options.ts';
import type { FoundImage } from './image-store.ts';
import { prepareStart } from './start-container.ts';

/** Creates a container and prepares its start in this very process (see `Containers.run`). */
export function runContainer(
  context: Context,
  options: CreateOptions,
  { image, mode }: { image: FoundImage; mode: 'attach' | 'detach' },
): Handover {
  const row = createContainer(context, options, { image, starting: true });
  return prepareStart(context, row, mode);
}
