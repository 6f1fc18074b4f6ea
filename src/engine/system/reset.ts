import { existsSync, mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { EngineError } from '../../errors.ts';
import { databaseFiles } from '../../host/database.ts';
import { namesIn } from '../../host/missing.ts';
import type { StorePaths } from '../../host/paths.ts';
import { readRootRecord } from '../../host/root-record.ts';
import { livingTemporary } from '../../host/temporary.ts';
import { removeTree } from '../../storage/trash.ts';
import { removeContainer } from '../lifecycle/remove.ts';
import { readLinks } from '../networks/perform.ts';
import { bridgesOf, forgetRuntime, removeNetworking, removeRuntime } from '../networks/traces.ts';
import { isBeingStarted, statusOf } from '../state/status.ts';
import { hasLivingLease } from '../store/blob-leases.ts';
import { runtimeIds } from '../store/container-paths.ts';
import { allContainers, buildSteps } from '../store/containers.ts';
import { type Context, requireRoot } from '../store/context.ts';
import { allImages } from '../store/images.ts';
import { markStore, unmarkStore } from '../store/mark.ts';
import { asNetworkUser } from '../store/network-user.ts';
import { allNetworks } from '../store/networks.ts';
import { unmountUnneeded } from '../store/volume-mounts.ts';
import { allVolumes } from '../store/volumes.ts';

/** The things that a reset removes. */
export interface ResetPreview {
  root: string;
  run: string;
  containers: number;
  images: number;
  networks: number;
  volumes: number;
  /** Names of interfaces of this network namespace. */
  bridges: string[];
  /** Whether there is nothing of this store, neither at its root nor on this host. */
  nothing: boolean;
}

/** Looks what there is of a store, without making one. */
export async function previewReset(context: Context): Promise<ResetPreview> {
  requireRoot();
  const { paths } = context;
  const isThere = existsSync(paths.database);
  const counts = isThere
    ? {
        containers: allContainers(context.database).length,
        images: allImages(context.database).length,
        networks: allNetworks(context.database).length,
        volumes: allVolumes(context.database).length,
      }
    : { containers: runtimeIds(paths).length, images: 0, networks: 0, volumes: 0 };
  const bridges = await withHelper(context, async () => await ownBridges(context));
  const nothing = namesOf(paths).length === 0 && !existsSync(paths.run) && bridges.length === 0;
  return { root: paths.root, run: paths.run, ...counts, bridges, nothing };
}

async function ownBridges(context: Context): Promise<string[]> {
  const links = await readLinks(context).catch(() => []);
  return bridgesOf(context.paths, links).map(({ name }) => name);
}

/**
 * Removes all that a store has: its containers, which are killed, its networks with bridges and firewall, its images and volumes, its
 * runtime root and what lies in its root, but for files that are nobody's. A store that was deleted by hand is taken off
 * this host. Throws `conflict` while other commands are at work in it: then nothing was removed. One that was cut short
 * goes on with the next call; other commands are refused meanwhile.
 */
export async function resetStore(context: Context): Promise<void> {
  requireRoot();
  const { paths } = context;
  await withHelper(context, async () => await asNetworkUser(context, async () => await removeAll(context)));
  context.close();
  rmSync(paths.helper, { recursive: true, force: true });
  // The file with the mark goes last: before that, nobody can begin a new store here.
  for (const file of databaseFiles(paths.database)) rmSync(file, { force: true });
}

/** Removes all of the store but the helper and the database's files. */
async function removeAll(context: Context): Promise<void> {
  const { paths } = context;
  if (existsSync(paths.database)) await removeRecorded(context);
  await unmountUnneeded(context);
  if (isOwnRuntime(paths)) {
    const links = await readLinks(context);
    await removeRuntime(context, paths);
    await removeNetworking(context, paths, links);
  }
  for (const name of namesOf(paths)) {
    const path = join(paths.root, name);
    if (path !== paths.helper && !databaseFiles(paths.database).includes(path))
      await removeTree(context.helper, path);
  }
  if (isOwnRuntime(paths)) forgetRuntime(paths);
}

/** From the mark on nothing is added: what is there then is all there is. */
async function removeRecorded(context: Context): Promise<void> {
  refuseWhileAtWork(context);
  markStore(context.database);
  try {
    refuseWhileAtWork(context);
  } catch (error) {
    unmarkStore(context.database);
    throw error;
  }
  for (const row of [...allContainers(context.database), ...buildSteps(context.database)])
    await removeContainer(context, row, { force: true });
}

/** A command that makes or starts something, or takes something apart. */
function refuseWhileAtWork(context: Context): void {
  const { database, paths } = context;
  for (const row of allContainers(database))
    if (statusOf(context, row).state === 'starting') throw isBeingStarted(row.name);
  if (livingTemporary(paths.tmp).length === 0 && !hasLivingLease(database)) return;
  throw new EngineError('conflict', 'another command is making something in this store', {
    subject: paths.root,
    hint: 'wait for it, or end it, and try again',
  });
}

/** Two stores whose roots have the same hash share a runtime root: then it stays. */
function isOwnRuntime({ rootRecord, root }: StorePaths): boolean {
  const record = readRootRecord(rootRecord);
  return record === undefined || record.root === root;
}

/** Returns the names in the root that are the store's: the first part of each path. */
function namesOf(paths: StorePaths): string[] {
  const below = `${paths.root}${paths.root.endsWith(sep) ? '' : sep}`;
  const own = [...Object.values(paths), `${paths.events}.1`, ...databaseFiles(paths.database)]
    .filter((path) => path?.startsWith(below))
    .map((path) => path?.slice(below.length).split(sep, 1)[0] ?? '');
  const names = namesIn(paths.root);
  return names.filter((name) => own.includes(name));
}

/** The helper lies in the root: one that was not there is not there afterwards. */
async function withHelper<T>(context: Context, body: () => Promise<T>): Promise<T> {
  const { paths } = context;
  const made = existsSync(paths.root) ? undefined : mkdirSync(paths.root, { recursive: true, mode: 0o710 });
  try {
    return await body();
  } finally {
    if (made !== undefined) {
      context.close();
      rmSync(paths.helper, { recursive: true, force: true });
      removeEmpty(paths.root, made);
    }
  }
}

/** From the innermost to the outermost directory that was made. */
function removeEmpty(inner: string, outer: string): void {
  for (let path = inner; path.startsWith(outer); path = dirname(path)) rmdirSync(path);
}
