import type { Descriptor } from '../../oci/descriptor.ts';
import { type Member, membersOf } from '../images/members.ts';
import { usersOfImage } from '../images/users.ts';
import type { Context } from '../store/context.ts';
import type { FoundImage } from '../store/images.ts';
import { omitEmpty } from './go-json.ts';

/** Docker's words (Docker Engine API, ImageManifestSummary). */
const KINDS = { image: 'image', attestation: 'attestation', index: 'unknown', other: 'unknown' } as const;

/**
 * The index to which the name of an image leads, and what it lists (ImageInspect, `Descriptor` and `Manifests`); undefined
 * without one.
 */
export function inspectManifests(
  context: Context,
  found: FoundImage,
  { listed = true }: { listed?: boolean } = {},
): { Descriptor: object; Manifests?: object[] } | undefined {
  const { index, members } = membersOf(context, found);
  if (index === undefined) return undefined;
  return {
    Descriptor: descriptorObject(index),
    ...(listed && { Manifests: members.map((member) => manifestObject(context, member)) }),
  };
}

function manifestObject(context: Context, member: Member): object {
  const { descriptor, kind, isHere, imageId, attests } = member;
  const content = sum(member.blobs.values());
  const unpacked = sum(member.layers.values());
  return {
    ID: descriptor.digest,
    Descriptor: descriptorObject(descriptor),
    Available: isHere,
    Size: { Total: content + unpacked, Content: content },
    Kind: KINDS[kind],
    ...(kind === 'image' && {
      ImageData: {
        Platform: platformObject(member.platform ?? { os: '', architecture: '' }),
        Containers:
          imageId === undefined
            ? []
            : usersOfImage(context, imageId)
                .filter(({ row }) => row.imageId === imageId)
                .map(({ row }) => row.id),
        Size: { Unpacked: unpacked },
      },
    }),
    ...(kind === 'attestation' && { AttestationData: { For: attests ?? '' } }),
  };
}

function descriptorObject({ mediaType, digest, size, annotations, platform }: Descriptor): object {
  return {
    mediaType,
    digest,
    size,
    ...(annotations !== undefined && { annotations }),
    ...(platform !== undefined && { platform: platformObject(platform) }),
  };
}

function platformObject({ os, architecture, variant }: NonNullable<Descriptor['platform']>): object {
  return omitEmpty({ architecture, os, variant: variant ?? '' }, 'variant');
}

function sum(sizes: Iterable<number>): number {
  return [...sizes].reduce((total, size) => total + size, 0);
}
