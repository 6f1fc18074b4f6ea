import { EngineError } from '../../errors.ts';
import type { Image } from '../../image/image.ts';
import { platformRank } from '../../image/platform.ts';
import type { Platform } from '../../oci/platform.ts';
import { membersOf } from '../images/members.ts';
import { imageInIndex, lookUpInIndex } from '../images/other-platform.ts';
import { imageOf } from '../images/stored-image.ts';
import type { Context } from '../store/context.ts';
import { type FoundImage, imageOfManifest } from '../store/images.ts';

/**
 * Finds the image for another platform than the one that a name leads to: it came from the same index, or is in it as blobs,
 * which are unpacked then. `kept` keeps what it finds.
 */
export async function takeOther(
  context: Context,
  found: FoundImage,
  platform: Platform,
  kept: (find: () => Image | undefined) => Image | undefined,
): Promise<Image | undefined> {
  const sibling = () => siblingFor(context, found, platform);
  const here = kept(sibling);
  if (here !== undefined) return here;
  return (await lookUpInIndex(context, found, platform)) === undefined ? undefined : kept(sibling);
}

/** The same for those who only look. */
export async function findOther(
  context: Context,
  found: FoundImage,
  platform: Platform,
): Promise<Image | undefined> {
  const sibling = siblingFor(context, found, platform);
  if (sibling !== undefined) return sibling;
  try {
    return await imageInIndex(context.database, found, platform);
  } catch (error) {
    if (error instanceof EngineError && error.kind === 'notFound') return undefined;
    throw error;
  }
}

function siblingFor(context: Context, found: FoundImage, platform: Platform): Image | undefined {
  const { database } = context;
  const offered = membersOf(context, found).members.flatMap((member) => {
    const row = imageOfManifest(database, member.descriptor.digest);
    const rank = member.platform && platformRank(member.platform, platform);
    return row === undefined || rank === undefined ? [] : [{ row, rank }];
  });
  const [best] = offered.sort((one, other) => one.rank - other.rank);
  return best && imageOf(database, { image: best.row, name: undefined }).image;
}
