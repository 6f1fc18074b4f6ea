import { EngineError } from '../../errors.ts';
import { runInForeground } from '../../host/run-in-foreground.ts';
import { removeImage } from '../images/remove.ts';
import type { CreateOptions } from '../options/create.ts';
import type { Context } from '../store/context.ts';
import type { StartMode } from './hand-over.ts';
import { type CreateExtras, runContainer } from './run.ts';

/**
 * Runs a container in the foreground and removes its image afterwards, as the user named it, unless something else
 * needs it. This process stays, unlike with other runs: somebody has to be there in the end. Returns the exit code.
 * Throws `invalid` unless the container goes with its end, too.
 */
export async function runAndRemoveImage(
  context: Context,
  options: CreateOptions,
  extras: CreateExtras & Pick<StartMode, 'client'>,
): Promise<number> {
  if (options.rootfs !== undefined) {
    throw new EngineError('invalid', `there is no image to remove: ${options.image} is a directory`, {
      subject: options.image,
      hint: 'leave --rmi or --rootfs out',
    });
  }
  if (!options.autoRemove) {
    throw new EngineError('invalid', 'an image can only be removed after a container that is removed, too', {
      subject: options.image,
      hint: 'say --rm with --rmi',
    });
  }
  const code = await runInForeground(await runContainer(context, options, { ...extras, mode: 'attach' }));
  try {
    await removeImage(context, extras.image?.name ?? options.image, { force: false });
  } catch (error) {
    // Another container stands on it, or somebody was quicker.
    const isFine = error instanceof EngineError && (error.kind === 'conflict' || error.kind === 'notFound');
    if (!isFine) throw error;
  }
  return code;
}
