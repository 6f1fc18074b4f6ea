import { formatPlatform, hostPlatform, platformMatches, platformRank } from '../../image/platform.ts';
import { parseImageConfig } from '../../oci/image-config.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { imageById, lookUpImage } from '../store/images.ts';
import { membersOf } from './members.ts';

/**
 * Says that a container's image is for another platform than this machine's, and which ones there are under its name;
 * undefined when it is for this one, does not say, or is gone.
 */
export function foreignImageHint(
  context: Context,
  { imageId, imageName }: Pick<ContainerRow, 'imageId' | 'imageName'>,
): string | undefined {
  const { database } = context;
  const image = imageById(database, imageId);
  if (image === undefined) return undefined;
  const [platform, host] = [parseImageConfig(Buffer.from(image.config)), hostPlatform()];
  if (platformMatches(platform, host)) return undefined;
  const text = `the image is for ${formatPlatform(platform)}, this machine is ${formatPlatform(host)}`;
  const found = lookUpImage(database, imageName) ?? { image, name: undefined };
  const offered = membersOf(context, found).members.flatMap((member) =>
    member.kind === 'image' && member.platform !== undefined ? [member.platform] : [],
  );
  if (offered.some((each) => platformRank(each, host) !== undefined))
    return `${text}: ask for that with --platform ${formatPlatform(host)}`;
  const names = [...new Set(offered.map(formatPlatform))];
  return names.length > 1 ? `${text}; its index has ${names.join(', ')}` : text;
}
