import { join } from 'node:path';
import type { Database } from '../../host/database.ts';
import { namesIn } from '../../host/missing.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Trash } from '../../storage/trash.ts';
import { dropDeadLeases, leasedResources } from './blob-leases.ts';
import { cacheEntries } from './build-cache.ts';
import { containerPaths } from './container-paths.ts';
import type { Context } from './context.ts';
import { blobsByImage } from './image-blobs.ts';
import { discardUnusedCopies } from './layer-copies.ts';
import { forgetLayerSize } from './layer-sizes.ts';
import { forgetMadeBlob } from './made-blobs.ts';
import { abandonedSnapshots } from './snapshots.ts';
import { trashOf } from './trash.ts';
import { allVolumes } from './volumes.ts';

/**
 * Moves all blobs, layers, volumes, snapshots and caches of builds into the trash that no row names and no living process leases: what a removed
 * image leaves, what pulls have left that failed, and directories of volumes and snapshots without a row. Call it when the
 * transaction that deleted rows is on the disk: whoever is killed, and a power cut, may leave garbage, but never rows of
 * what is in the trash. It is a transaction of its own: who takes a lease afterwards finds them gone, who took one before
 * keeps them.
 */
export function discardUnreferenced(context: Context, trash: Trash = trashOf(context)): void {
  context.database.transaction(() => takeUnreferenced(context, trash));
}

function takeUnreferenced(context: Context, trash: Trash): void {
  const { database, paths } = context;
  dropDeadLeases(database);
  const { blobs, layers } = unnamed(context);
  for (const hex of blobs) {
    trash.take(join(paths.blobs, hex));
    forgetMadeBlob(database, `sha256:${hex}` as Digest);
  }
  for (const hex of layers) {
    trash.take(join(paths.layers, hex));
    forgetLayerSize(database, `sha256:${hex}` as Digest);
  }
  for (const name of abandonedVolumes(context)) trash.take(join(paths.volumes, name));
  for (const name of abandonedCaches(context)) trash.take(join(paths.buildCaches, name));
  for (const path of allAbandonedSnapshots(context)) trash.take(path);
  discardUnusedCopies(context, trash);
}

/** Blobs and layers, by their hex digits, that no row names and no living process leases: garbage, if a transaction sees them. */
export function unnamed({ database, paths }: Pick<Context, 'database' | 'paths'>): {
  blobs: string[];
  layers: string[];
} {
  const kept = new Set([
    ...[...blobsByImage(database).values()].flatMap((blobs) => [...blobs]),
    ...referencedLayers(database),
    ...leasedResources(database),
  ]);
  const isGarbage = (hex: string) => HEX.test(hex) && !kept.has(`sha256:${hex}`);
  return { blobs: namesIn(paths.blobs).filter(isGarbage), layers: namesIn(paths.layers).filter(isGarbage) };
}

/** Names of directories of volumes without a row: what whoever made or removed them was killed over. */
export function abandonedVolumes({ database, paths }: Pick<Context, 'database' | 'paths'>): string[] {
  const names = namesIn(paths.volumes);
  if (names.length === 0) return [];
  const known = new Set(allVolumes(database).flatMap(({ name, renamedFrom }) => [name, renamedFrom]));
  return names.filter((name) => !known.has(name));
}

/** Names of directories that builds have mounted as caches, and of which no row and no build at work knows. */
export function abandonedCaches({ database, paths }: Pick<Context, 'database' | 'paths'>): string[] {
  const names = namesIn(paths.buildCaches);
  if (names.length === 0) return [];
  const mounts = cacheEntries(database).filter(({ kind }) => kind === 'mount');
  const known = new Set<string>([...mounts.map(({ key }) => key), ...leasedResources(database)]);
  return names.filter((name) => !known.has(`sha256:${name}`));
}

/** Paths of directories of snapshots without a row. */
export function allAbandonedSnapshots(context: Context): string[] {
  return namesIn(context.paths.containers).flatMap((id) =>
    abandonedSnapshots(context, id).map((name) => join(containerPaths(context.paths, id).snapshots, name)),
  );
}

const HEX = /^[0-9a-f]{64}$/;

/**
 * chainIDs that images, containers and the cache of builds name: a container keeps its layers even when its image is
 * removed by force.
 */
export function referencedLayers(database: Database): string[] {
  const cached = database.all('SELECT chain_id FROM build_cache WHERE chain_id IS NOT NULL');
  return [...layersInUse(database), ...cached.map((row) => row['chain_id'] as string)];
}

/** The same without the cache's: chainIDs that images and containers name. */
export function layersInUse(database: Database): string[] {
  const rows = database.all('SELECT layers FROM image UNION ALL SELECT layers FROM container');
  return rows.flatMap((row) => JSON.parse(row['layers'] as string) as string[]);
}
