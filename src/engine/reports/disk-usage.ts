import { lstatSync } from 'node:fs';
import { basename } from 'node:path';
import { allocatedSizes, allocatedTogether } from '../../host/tree-size.ts';
import { hexOf } from '../../oci/digest.ts';
import { type ListedImage, listImages } from '../images/list.ts';
import type { VolumeInfo } from '../options/volume.ts';
import { leasedResources } from '../store/blob-leases.ts';
import { type CacheEntry, cacheEntries } from '../store/build-cache.ts';
import { containerPaths } from '../store/container-paths.ts';
import type { Context } from '../store/context.ts';
import { blobsByImage } from '../store/image-blobs.ts';
import { allImages } from '../store/images.ts';
import { storageDriver } from '../store/layer-directories.ts';
import { allVolumes } from '../store/volumes.ts';
import { listVolumes } from '../volumes/list.ts';
import { type ListedContainer, listContainers } from './ps.ts';
import { type Place, placesIn } from './store-places.ts';

/**
 * What a store takes on its disk, in bytes that the file system has set aside. Everything below its root is in one of
 * `imagesSize`, `containers`, `volumes`,
 * `buildCache` and `other`.
 */
export interface DiskUsage {
  images: ImageUsage[];
  /** Layers and blobs of all images, those that several share once. */
  imagesSize: number;
  containers: ContainerUsage[];
  volumes: VolumeUsage[];
  /** What steps of builds have made and mounted, those that images have, too, with a size of 0: it is among theirs. */
  buildCache: BuildCacheUsage[];
  /** The kinds of which there is something. */
  other: { kind: OtherKind; size: number }[];
  total: number;
}

export interface ImageUsage extends ListedImage {
  /** Layers and blobs: those that other images have, too, and those that would go with it. */
  shared: number;
  unique: number;
  /** How many containers were made from it. */
  containers: number;
}

export interface ContainerUsage {
  container: ListedContainer;
  /** Its writable layer, its logs and its own files. */
  size: number;
}

export interface VolumeUsage {
  volume: VolumeInfo;
  size: number;
}

export interface BuildCacheUsage {
  entry: CacheEntry;
  size: number;
  shared: boolean;
  inUse: boolean;
}

/** `kept`: layers of images that were removed under containers. `unnamed`: what nothing names, or nothing yet. */
export const OTHER_KINDS = [
  'copy',
  'snapshots',
  'kept',
  'manifests',
  'unnamed',
  'temporary',
  'trash',
  'database',
  'events',
  'helper',
  'cache',
  'directory',
  'foreign',
] as const;
export type OtherKind = (typeof OTHER_KINDS)[number];

/**
 * Measures all that lies in the store. Volumes that are mounted from elsewhere are left out, as with Docker. What comes
 * and goes meanwhile may be counted or not. Throws `unavailable` when something cannot be read.
 */
export async function diskUsage(context: Context): Promise<DiskUsage> {
  const containers = await listContainers(context, { all: true });
  const volumes = listVolumes(context, {}).filter(({ options }) => Object.keys(options).length === 0);
  const images = listImages(context);
  const resources = resourcesOf(context, images);
  const parts = await measured(context);
  const cached = cacheEntries(context.database);
  const owned = {
    images: new Set([...resources.values()].flatMap((own) => [...own])),
    containers: new Set(containers.map(({ row }) => row.id as string)),
    containerLayers: new Set(containers.flatMap(({ row }) => row.layers.map(hexOf))),
    volumes: new Set(volumes.map(({ name }) => name)),
    volumeRows: new Set(allVolumes(context.database).map(({ name }) => name)),
    cache: new Set(cached.map(keyOfEntry)),
  };
  const sizes = new Map(parts.map(({ place, size }) => [keyOf(place), size]));
  return {
    images: imageUsages(images, { containers, resources, sizes }),
    imagesSize: sum([...owned.images].map((resource) => sizes.get(resource) ?? 0)),
    containers: containers.map((container) => ({
      container,
      size: sizes.get(keyOf({ kind: 'container', name: container.row.id })) ?? 0,
    })),
    volumes: volumes.map((volume) => ({
      volume,
      size: sizes.get(keyOf({ kind: 'volume', name: volume.name })) ?? 0,
    })),
    buildCache: buildCacheUsages(context, owned, sizes),
    other: others(parts, owned),
    total: sum(parts.map(({ size }) => size)),
  };
}

/** Measures the images alone, with the layers and blobs that they have in common. Throws as {@link diskUsage}. */
export async function imageUsage(context: Context): Promise<ImageUsage[]> {
  const containers = await listContainers(context, { all: true });
  const images = listImages(context);
  const parts = await measured(context, ({ kind }) => kind === 'layer' || kind === 'blob');
  const sizes = new Map(parts.map(({ place, size }) => [keyOf(place), size]));
  return imageUsages(images, { containers, resources: resourcesOf(context, images), sizes });
}

interface Part {
  place: Place;
  size: number;
}

/** Says which place it is; layers and blobs are what images are made of. */
function keyOf({ kind, name }: Pick<Place, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}

/** The keys of the layers and blobs of each image. */
function resourcesOf({ database }: Context, images: readonly ListedImage[]): Map<string, Set<string>> {
  const blobs = blobsByImage(database);
  return new Map(
    images.map(({ image: { id, layers } }) => [
      id,
      new Set([
        ...layers.map((layer) => keyOf({ kind: 'layer', name: hexOf(layer) })),
        ...[...(blobs.get(id) ?? [])].map((blob) => keyOf({ kind: 'blob', name: hexOf(blob) })),
      ]),
    ]),
  );
}

function imageUsages(
  images: readonly ListedImage[],
  {
    containers,
    resources,
    sizes,
  }: {
    containers: readonly ListedContainer[];
    resources: ReadonlyMap<string, ReadonlySet<string>>;
    sizes: ReadonlyMap<string, number>;
  },
): ImageUsage[] {
  const users = countEach(containers.map(({ row }) => row.imageId));
  const sharers = countEach([...resources.values()].flatMap((own) => [...own]));
  return images.map((listed) => {
    const own = [...(resources.get(listed.image.id) ?? [])];
    const isShared = (resource: string) => (sharers.get(resource) ?? 0) > 1;
    const sizeOf = (some: readonly string[]) => sum(some.map((resource) => sizes.get(resource) ?? 0));
    return {
      ...listed,
      shared: sizeOf(own.filter(isShared)),
      unique: sizeOf(own.filter((resource) => !isShared(resource))),
      containers: users.get(listed.image.id) ?? 0,
    };
  });
}

/** The key of the place where an entry of the cache of builds has its files. */
function keyOfEntry({ kind, key, layer }: CacheEntry): string {
  if (kind === 'mount') return keyOf({ kind: 'build-cache', name: hexOf(key) });
  return layer === undefined ? '' : keyOf({ kind: 'layer', name: hexOf(layer.chainID) });
}

/** Several steps may have made the same layer: the first one has its size. */
function buildCacheUsages(
  { database }: Context,
  owned: Pick<Owned, 'images' | 'containerLayers'>,
  sizes: ReadonlyMap<string, number>,
): BuildCacheUsage[] {
  const leased = leasedResources(database);
  const counted = new Set<string>();
  return cacheEntries(database).map((entry) => {
    const key = keyOfEntry(entry);
    const isCounted = counted.has(key);
    counted.add(key);
    const shared = owned.images.has(key);
    const inUse = leased.has(entry.layer?.chainID ?? entry.key);
    return { entry, size: shared || isCounted ? 0 : (sizes.get(key) ?? 0), shared, inUse };
  });
}

/** Those to whom parts of the store belong: keys of resources, ids, hex digits of layers, names of volumes. */
interface Owned {
  images: ReadonlySet<string>;
  containers: ReadonlySet<string>;
  containerLayers: ReadonlySet<string>;
  volumes: ReadonlySet<string>;
  volumeRows: ReadonlySet<string>;
  cache: ReadonlySet<string>;
}

function others(parts: readonly Part[], owned: Owned): DiskUsage['other'] {
  const sizes = new Map<OtherKind, number>();
  for (const { place, size } of parts) {
    const kind = otherKindOf(place, owned);
    if (kind !== undefined && size > 0) sizes.set(kind, (sizes.get(kind) ?? 0) + size);
  }
  return OTHER_KINDS.flatMap((kind) => {
    const size = sizes.get(kind);
    return size === undefined ? [] : [{ kind, size }];
  });
}

/** Undefined for what is an image's, a container's or a volume's. */
function otherKindOf(place: Place, owned: Owned): OtherKind | undefined {
  switch (place.kind) {
    case 'layer':
      if (owned.images.has(keyOf(place)) || owned.cache.has(keyOf(place))) return undefined;
      return owned.containerLayers.has(place.name) ? 'kept' : 'unnamed';
    case 'blob':
      return owned.images.has(keyOf(place)) ? undefined : 'unnamed';
    case 'container':
      return owned.containers.has(place.name) ? undefined : 'unnamed';
    case 'volume':
      if (owned.volumes.has(place.name)) return undefined;
      return owned.volumeRows.has(place.name) ? 'directory' : 'unnamed';
    case 'build-cache':
      return owned.cache.has(keyOf(place)) ? undefined : 'unnamed';
    default:
      return place.kind;
  }
}

/** Measures every place, or those that are asked for. Directories whose content has places of its own are looked at here. */
async function measured(context: Context, isWanted: (place: Place) => boolean = () => true): Promise<Part[]> {
  const { helper, paths } = context;
  const places = placesIn(paths).filter(isWanted);
  const measure = async (some: readonly Place[], skip?: string): Promise<Part[]> => {
    const sizes = await allocatedSizes(
      helper,
      some.map(({ path }) => path),
      skip,
    );
    return some.map((place, index) => ({ place, size: sizes[index] ?? 0 }));
  };
  const snapshots = basename(containerPaths(paths, '').snapshots);
  const isLinked = linkedLayers(context);
  const linked = places.filter(({ kind, name }) => kind === 'layer' && isLinked(name));
  return [
    ...(await measureWhole(context, linked)),
    ...places.filter(isDivided).map((place) => ({ place, size: directorySize(place.path) })),
    ...(await measure(places.filter(isContainer), snapshots)),
    ...(await measure(
      places.filter((place) => !isDivided(place) && !isContainer(place) && !linked.includes(place)),
    )),
  ];
}

/**
 * Which layers have files in common with others: in a store of copies all of them, else those that steps of builds have put on
 * others once more (COPY --link). By their hex digits.
 */
function linkedLayers(context: Context): (hex: string) => boolean {
  if (storageDriver(context) === 'copy') return () => true;
  const copied = cacheEntries(context.database).flatMap(({ kind, layer }) =>
    kind === 'copy' && layer !== undefined ? hexOf(layer.chainID) : [],
  );
  const names = new Set(copied);
  return (hex) => names.has(hex);
}

/** Layers that have the files of others, those of images in front, and of these the ones below: of each what it adds. */
async function measureWhole({ database, helper }: Context, layers: readonly Place[]): Promise<Part[]> {
  const chains = allImages(database).map((image) => image.layers.map(hexOf));
  const depths = new Map(chains.flatMap((chain) => chain.map((hex, depth) => [hex, depth])));
  const depthOf = ({ name }: Place) => depths.get(name) ?? Number.POSITIVE_INFINITY;
  const ordered = layers.toSorted((one, other) => depthOf(one) - depthOf(other) || 0);
  const sizes = await allocatedTogether(
    helper,
    ordered.map(({ path }) => path),
  );
  return ordered.map((place, index) => ({ place, size: sizes[index] ?? 0 }));
}

function isDivided({ kind }: Place): boolean {
  return kind === 'directory';
}

function isContainer({ kind }: Place): boolean {
  return kind === 'container';
}

/** The unit of st_blocks, stat(3type). */
const BLOCK = 512;

function directorySize(path: string): number {
  return (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * BLOCK;
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}

function countEach(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
