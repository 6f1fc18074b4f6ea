import type { CreateOptions } from '../../engine/options/create.ts';
import type { FoundImage } from '../../engine/store/images.ts';
import type { Session } from '../command/session.ts';
import { tell } from '../output/tell.ts';
import type { CreateFlags } from './create.ts';

/**
 * The image that a new container is made of, fetched when `--pull` says so; undefined for one of a directory. As with Docker that is told on standard
 * error, as standard output is the container's, or its id's. Throws `notFound` for one that is not here and may not be
 * fetched.
 */
export async function imageForContainer(
  session: Session,
  { image, platform, rootfs }: Pick<CreateOptions, 'image' | 'platform' | 'rootfs'>,
  { pull: policy = 'missing', quiet = false }: Pick<CreateFlags, 'pull' | 'quiet'>,
): Promise<FoundImage | undefined> {
  if (rootfs !== undefined) return undefined;
  if (policy !== 'always') {
    const { images } = await session.engine();
    if (policy === 'never') return await images.find(image, platform);
    const found = await images.lookUp(image, platform);
    if (found !== undefined) return found;
    if (!quiet) tell(`Unable to find image '${image}' locally`);
  }
  const { pullWithProgress } = await import('../command/pull-with-progress.ts');
  return await pullWithProgress(session, image, { platform, quiet, output: process.stderr });
}
