import { emulationOf } from '../../host/binfmt.ts';
import { formatPlatform, hostPlatform, platformMatches, platformRank } from '../../image/platform.ts';
import { parseImageConfig } from '../../oci/image-config.ts';
import type { Platform } from '../../oci/platform.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { type ImageRow, imageById, lookUpImage } from '../store/images.ts';
import { membersOf } from './members.ts';

/** What of a container says what it was made of. */
type MadeOf = Pick<ContainerRow, 'imageId' | 'imageName' | 'options'>;

/**
 * Says that what a container is made of is for another platform than this machine's, which ones there are under its image's
 * name, and what would execute its programs; undefined when it is for this one, does not say, or is gone.
 */
export function foreignImageHint(context: Context, container: MadeOf): string | undefined {
  const image = imageById(context.database, container.imageId);
  const platform = platformOf(image, container);
  const host = hostPlatform();
  if (platform === undefined || platformMatches(platform, host)) return undefined;
  const what = image === undefined ? 'it' : 'the image';
  const text = `${what} is for ${formatPlatform(platform)}, this machine is ${formatPlatform(host)}`;
  const emulation = emulationHint(platform);
  const offered = image === undefined ? [] : offeredWith(context, image, container);
  const isAsked = container.options.platform !== undefined;
  if (!isAsked && offered.some((each) => platformRank(each, host) !== undefined))
    return `${text}: ask for that with --platform ${formatPlatform(host)}`;
  const names = [...new Set(offered.map(formatPlatform))];
  const index = names.length > 1 && !isAsked ? `; its index has ${names.join(', ')}` : '';
  return `${text}${index}${emulation === undefined ? '' : `: ${emulation}`}`;
}

/** The same of a program that is there, and whose interpreter the kernel does not find in the container. */
export function unreachableEmulatorHint(context: Context, container: MadeOf): string | undefined {
  const platform = platformOf(imageById(context.database, container.imageId), container);
  const isReachable = platform === undefined || emulationOf(platform.architecture).kind !== 'inside';
  return isReachable ? undefined : foreignImageHint(context, container);
}

/** A step of a build has no image: what its stage is for was asked for. */
function platformOf(image: ImageRow | undefined, { options }: MadeOf): Platform | undefined {
  return image === undefined ? options.platform : parseImageConfig(Buffer.from(image.config));
}

function offeredWith(context: Context, image: ImageRow, { imageName }: MadeOf): Platform[] {
  const found = lookUpImage(context.database, imageName) ?? { image, name: undefined };
  return membersOf(context, found).members.flatMap((member) =>
    member.kind === 'image' && member.platform !== undefined ? [member.platform] : [],
  );
}

/** What has to be done so that the kernel hands programs for a platform to an emulator; undefined: it does that. */
function emulationHint({ architecture }: Platform): string | undefined {
  const emulation = emulationOf(architecture);
  const debian = 'apt install qemu-user-static';
  switch (emulation.kind) {
    case 'everywhere':
      return undefined;
    case 'inside':
      return `${emulation.interpreter}, which is to execute it, is not in the container: register it with the flag F, as ${debian} does`;
    case 'disabled':
      return `${emulation.name}, which would execute it, is switched off: echo 1 > /proc/sys/fs/binfmt_misc/${emulation.name}`;
    case 'none':
      return `no emulator for ${architecture} is registered with binfmt_misc: ${debian} does that`;
  }
}
