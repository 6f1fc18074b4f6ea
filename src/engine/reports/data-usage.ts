import { cacheTypeOf } from '../build/cache-usage.ts';
import { volumeObject } from '../inspect/volume.ts';
import type { PsState } from '../state/shown-state.ts';
import type { Context } from '../store/context.ts';
import { containerSummary } from './container-summary.ts';
import {
  type BuildCacheUsage,
  type ContainerUsage,
  diskUsage,
  type ImageUsage,
  type VolumeUsage,
} from './disk-usage.ts';
import { imageSummary } from './image-summary.ts';

/** What of the store is asked for, in Docker's words. */
export const USAGE_TYPES = ['image', 'container', 'volume', 'build-cache'] as const;
export type UsageType = (typeof USAGE_TYPES)[number];

export interface DataUsageOptions {
  types: readonly UsageType[];
  /** The text of a container's column STATUS. */
  statusOf: (state: PsState) => string;
}

/** What the store takes, as Docker's API tells it (SystemDataUsageResponse); what nobody has asked for is null. */
export interface DataUsage {
  LayersSize: number;
  Images: object[] | null;
  Containers: object[] | null;
  Volumes: object[] | null;
  BuildCache: (object & { Size: number })[] | null;
}

/** Measures the store. Sizes are what the file system has set aside. Throws as `diskUsage`. */
export async function dataUsage(context: Context, { types, statusOf }: DataUsageOptions): Promise<DataUsage> {
  const usage = await diskUsage(context);
  const asked = <T, Shown>(type: UsageType, all: readonly T[], show: (one: T) => Shown): Shown[] | null =>
    types.includes(type) ? all.map(show) : null;
  const sizes = new Map(usage.images.map((image) => [image.image.id, sizeOf(image)]));
  return {
    LayersSize: types.includes('image') ? usage.imagesSize : 0,
    Images: asked(
      'image',
      usage.images.filter(({ isPart }) => !isPart),
      imageObject,
    ),
    Containers: asked('container', usage.containers, (container) =>
      containerObject(container, statusOf, sizes.get(container.container.row.imageId) ?? 0),
    ),
    Volumes: asked('volume', usage.volumes, volumeUsageObject),
    BuildCache: asked('build-cache', usage.buildCache, cacheObject),
  };
}

function sizeOf({ shared, unique }: ImageUsage): number {
  return shared + unique;
}

function imageObject(image: ImageUsage): object {
  return {
    ...imageSummary(image),
    Size: sizeOf(image),
    SharedSize: image.shared,
    Containers: image.containers,
  };
}

function containerObject(
  { container, size }: ContainerUsage,
  statusOf: DataUsageOptions['statusOf'],
  imageSize: number,
): object {
  const summary = containerSummary(container, statusOf(container.state));
  return { ...summary, SizeRw: size, SizeRootFs: size + imageSize };
}

function volumeUsageObject({ volume, size }: VolumeUsage): object {
  return { ...volumeObject(volume), UsageData: { RefCount: volume.users.length, Size: size } };
}

function cacheObject({ entry, size, shared, inUse }: BuildCacheUsage) {
  const { key, description, createdAt, usedAt, uses } = entry;
  return {
    ID: key,
    Type: cacheTypeOf(entry),
    Description: description,
    InUse: inUse,
    Shared: shared,
    Size: size,
    CreatedAt: new Date(createdAt).toISOString(),
    LastUsedAt: new Date(usedAt).toISOString(),
    UsageCount: uses,
  };
}
