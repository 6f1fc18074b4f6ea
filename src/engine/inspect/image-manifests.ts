import { type Member, membersOf, type Targets } from '../images/members.ts';
import { usersOfImage } from '../images/users.ts';
import type { Context } from '../store/context.ts';
import type { FoundImage } from '../store/images.ts';
import { descriptorObject, platformObject } from './descriptor.ts';

/** Docker's words (Docker Engine API, ImageManifestSummary). */
const KINDS = { image: 'image', attestation: 'attestation', index: 'unknown', other: 'unknown' } as const;

/**
 * The document to which the name of an image leads, an index or a manifest, and what stands there (ImageInspect, `Descriptor`
 * and `Manifests`); undefined for an image that never had one.
 */
export function inspectManifests(
  context: Context,
  found: FoundImage,
  { listed = true }: { listed?: boolean } = {},
): { Descriptor: object; Manifests?: object[] } | undefined {
  const { target, members } = membersOf(context, found);
  if (target === undefined) return undefined;
  return {
    Descriptor: descriptorObject(target),
    ...(listed && { Manifests: members.map((member) => manifestObject(context, member)) }),
  };
}

/** The former alone, of an image in a list. */
export function listedDescriptor(
  targets: Targets,
  image: Parameters<Targets['of']>[0],
): { Descriptor: object } | undefined {
  const target = targets.of(image);
  return target && { Descriptor: descriptorObject(target) };
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

function sum(sizes: Iterable<number>): number {
  return [...sizes].reduce((total, size) => total + size, 0);
}
