import type { Digest } from '../../oci/digest.ts';
import type { FilterArgs } from '../options/filters.ts';
import { statusOf } from '../state/status.ts';
import { allContainers } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { familiarName, type ImageRow } from '../store/images.ts';
import { listImages } from './list.ts';
import { type Member, type Members, membersOf } from './members.ts';

/** What some names lead to: an index with what it lists, or an image alone. */
export interface ImageTree {
  /** Familiar references; none: it has no tag. */
  names: string[];
  /** The image that the names lead to. */
  image: ImageRow;
  /** Bytes of all blobs that are here, and those with the unpacked layers: what several members share counts once. */
  contentSize: number;
  diskUsage: number;
  isInUse: boolean;
  branches: TreeBranch[];
}

/** A member with what it takes by itself, in bytes. */
export interface TreeBranch {
  member: Member;
  contentSize: number;
  diskUsage: number;
  isInUse: boolean;
}

/** The images with what stands under their names, newest in this store first. Throws as {@link listImages}. */
export function imageTrees(context: Context, filters?: FilterArgs): ImageTree[] {
  const used = usedImages(context);
  return listImages(context, filters)
    .filter(({ isPart }) => !isPart)
    .flatMap(({ image, names }) => {
      const targets = new Map<string, { names: string[]; members: Members }>();
      for (const name of names.tags.length > 0 ? names.tags : [names.digests[0]]) {
        const members = membersOf(context, { image, name });
        const key = [
          members.index?.digest,
          ...members.members.map(({ descriptor }) => descriptor.digest),
        ].join();
        const target = targets.get(key) ?? { names: [], members };
        targets.set(key, target);
        if (names.tags.length > 0 && name !== undefined) target.names.push(familiarName(name));
      }
      return [...targets.values()].map((target) => treeOf(image, target, used));
    });
}

function treeOf(
  image: ImageRow,
  { names, members: { indexes, members } }: { names: string[]; members: Members },
  used: ReadonlySet<Digest>,
): ImageTree {
  const branches = members.map((member) => ({
    member,
    ...sizesOf([member]),
    isInUse: member.imageId !== undefined && used.has(member.imageId),
  }));
  const isInUse = used.has(image.id) || branches.some((branch) => branch.isInUse);
  return { names, image, ...sizesOf(members, indexes), isInUse, branches };
}

function sizesOf(
  members: readonly Member[],
  indexes: Members['indexes'] = [],
): { contentSize: number; diskUsage: number } {
  const blobs = new Map(members.flatMap((member) => [...member.blobs]));
  for (const { digest, size } of indexes) blobs.set(digest, size);
  const layers = new Map(members.flatMap((member) => [...member.layers]));
  const contentSize = sum(blobs.values());
  return { contentSize, diskUsage: contentSize + sum(layers.values()) };
}

function sum(sizes: Iterable<number>): number {
  return [...sizes].reduce((total, size) => total + size, 0);
}

/** The images that containers were made of. */
function usedImages(context: Context): Set<Digest> {
  const rows = allContainers(context.database).filter((row) => statusOf(context, row).state !== 'gone');
  return new Set(rows.map(({ imageId }) => imageId));
}
