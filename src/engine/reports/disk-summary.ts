import type { DiskUsage } from './disk-usage.ts';

/** A line of `system df`, as Docker counts (Docker Engine API, SystemDataUsage): sizes in bytes. */
export interface DiskSummary {
  type: 'Images' | 'Containers' | 'Local Volumes' | 'Build Cache';
  total: number;
  active: number;
  size: number;
  reclaimable: number;
}

/**
 * Sums up what a store takes. Reclaimable is, as with Docker: of images all but what those with containers share with
 * no other image, of containers those that do not run, of volumes those that no container uses, of the cache of builds
 * what no build that is under way uses.
 */
export function summarizeDisk({
  images,
  imagesSize,
  containers,
  volumes,
  buildCache,
}: DiskUsage): DiskSummary[] {
  const usedImages = images.filter((image) => image.containers > 0);
  const active = containers.filter(({ container }) => container.state.active);
  const usedVolumes = volumes.filter(({ volume }) => volume.users.length > 0);
  const part = (all: readonly { size: number }[], used: readonly { size: number }[]) => {
    const size = sizeOf(all);
    return { total: all.length, active: used.length, size, reclaimable: size - sizeOf(used) };
  };
  return [
    {
      type: 'Images',
      total: images.length,
      active: usedImages.length,
      size: imagesSize,
      reclaimable: imagesSize - usedImages.reduce((sum, { unique }) => sum + unique, 0),
    },
    { type: 'Containers', ...part(containers, active) },
    { type: 'Local Volumes', ...part(volumes, usedVolumes) },
    {
      type: 'Build Cache',
      ...part(
        buildCache,
        buildCache.filter(({ inUse }) => inUse),
      ),
    },
  ];
}

function sizeOf(some: readonly { size: number }[]): number {
  return some.reduce((sum, { size }) => sum + size, 0);
}
