import { parseImageConfig } from '../../oci/image-config.ts';
import { type ListedImage, listImages } from '../images/list.ts';
import { Targets } from '../images/members.ts';
import { mapOrNull } from '../inspect/go-json.ts';
import { inspectManifests, listedDescriptor } from '../inspect/image-manifests.ts';
import type { FilterArgs } from '../options/filters.ts';
import { allContainers } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { familiarName } from '../store/images.ts';

export interface SummaryOptions {
  /** Whether it is told how much of each image others have, too. */
  sharedSize: boolean;
  /** Whether it is told to which document the name of each leads. */
  descriptors: boolean;
  /** Whether the manifests of an index are told, and that, too. */
  manifests: boolean;
  /** ms since the epoch: only those that were built before. */
  until?: number | undefined;
}

/** Images as Docker's ImageList has them (ImageSummary), newest first. Throws as `listImages`. */
export async function imageSummaries(
  context: Context,
  filters: FilterArgs,
  { sharedSize, descriptors, manifests, until }: SummaryOptions,
): Promise<object[]> {
  const listed = listImages(context, filters, until).filter(({ isPart }) => !isPart);
  const shared = sharedSize ? await sharedSizes(context) : new Map<string, number>();
  const containers = containersByImage(context);
  const targets = descriptors && !manifests ? new Targets(context) : undefined;
  const described = (image: Parameters<Targets['of']>[0]) =>
    manifests ? inspectManifests(context, image) : targets && listedDescriptor(targets, image);
  return listed.map((one) => ({
    ...imageSummary(one),
    SharedSize: shared.get(one.image.id) ?? -1,
    Containers: containers.get(one.image.id) ?? 0,
    ...described({ image: one.image, name: one.names.tags[0] }),
  }));
}

/** What is told of an image wherever it is listed. */
export function imageSummary({ image, names, builtAt }: ListedImage): object {
  const { config } = parseImageConfig(Buffer.from(image.config));
  return {
    Id: image.id,
    ParentId: '',
    RepoTags: names.tags.map(familiarName),
    RepoDigests: names.digests.map(familiarName),
    Created: Math.floor((builtAt ?? 0) / 1000),
    Size: image.size,
    Labels: mapOrNull(config.Labels),
  };
}

function containersByImage({ database }: Context): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { imageId, step } of allContainers(database))
    if (step === undefined) counts.set(imageId, (counts.get(imageId) ?? 0) + 1);
  return counts;
}

async function sharedSizes(context: Context): Promise<Map<string, number>> {
  const { imageUsage } = await import('./disk-usage.ts');
  return new Map((await imageUsage(context)).map(({ image, shared }) => [image.id, shared]));
}
