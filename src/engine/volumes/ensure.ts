import { chmodSync, chownSync, existsSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../../host/lock.ts';
import { namesIn } from '../../host/missing.ts';
import { syncDirectory } from '../../host/sync-directory.ts';
import { localMount } from '../../volume/local-driver.ts';
import { isIdle } from '../state/status.ts';
import { takeLease } from '../store/blob-leases.ts';
import { containerById } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { trashOf } from '../store/trash.ts';
import { deleteVolume, haveVolumes, usersOf, useVolumes, volumeByName } from '../store/volumes.ts';
import { inWorkspace } from '../store/workspace.ts';
import { makeEmptyDirectory, placeVolume } from './create.ts';
import { copyFromImage, type ImageTree, mayHave } from './image-content.ts';
import type { ResolvedVolume } from './resolve.ts';

/** Volumes that are there, for a container that is to be made. */
export interface EnsuredVolumes {
  /** False when one of them was removed meanwhile, or is another one by now. */
  areThere(): boolean;
  /** Notes that the container uses them. Call it in the transaction of its row, after the insertion. */
  use(containerId: string): void;
  /** Removes the anonymous ones that were made for a container which there will not be. */
  discard(): void;
}

/**
 * Makes the volumes of a container that are not there, and fills those that are empty with what its image has at their
 * targets, unless they are not to be copied to. One that is new is complete before it has its name; who wants the same one
 * waits meanwhile. Throws `unavailable` when something cannot be copied: a new one is not there then.
 */
export async function ensureVolumes(
  context: Context,
  volumes: readonly ResolvedVolume[],
  image: ImageTree,
): Promise<EnsuredVolumes> {
  const made: string[] = [];
  const discard = (): void => removeAnonymous(context, made);
  try {
    for (const volume of volumes) {
      if (await ensureVolume(context, volume, image)) made.push(volume.definition.name);
    }
  } catch (error) {
    discard();
    throw error;
  }
  const definitions = volumes.map(({ definition }) => definition);
  const names = definitions.map(({ name }) => name);
  return {
    areThere: () => haveVolumes(context.database, definitions),
    use: (id) => useVolumes(context.database, id, names),
    discard,
  };
}

function removeAnonymous(context: Context, names: readonly string[]): void {
  const { database } = context;
  database.transaction(() => {
    for (const name of names) {
      if (volumeByName(database, name)?.anonymous === true) deleteVolume(context, trashOf(context), name);
    }
  });
}

/** Whether it was made. */
async function ensureVolume(context: Context, volume: ResolvedVolume, image: ImageTree): Promise<boolean> {
  const { name } = volume.definition;
  const wantsContent = !volume.noCopy && mayHave(context, image.layers, volume.target);
  if (isThere(context, name) && !(wantsContent && isFillable(volume))) return false;
  if (!wantsContent)
    return await inWorkspace(context, async ({ tmp }) => makeEmpty(context, volume, image, tmp()));
  return await withLock(context.helper, join(context.paths.locks, `volume-${name}`), () =>
    inWorkspace(context, async ({ tmp }) => await makeFilled(context, volume, image, tmp())),
  );
}

function isThere({ database, paths }: Context, name: string): boolean {
  return volumeByName(database, name) !== undefined && existsSync(join(paths.volumes, name));
}

/** A file system that is mounted for a container begins with what it has. */
function isFillable({ definition: { options }, source }: ResolvedVolume): boolean {
  return localMount(options)?.kind !== 'file-system' && namesIn(source).length === 0;
}

function makeEmpty(
  context: Context,
  { definition }: ResolvedVolume,
  { owner }: ImageTree,
  tmp: string,
): boolean {
  const draft = join(tmp, 'empty');
  makeEmptyDirectory(draft);
  if (owner !== undefined) chownSync(draft, owner.uid, owner.gid);
  return placeVolume(context, definition, draft);
}

/** Nobody else fills it meanwhile; somebody may have before. */
async function makeFilled(
  context: Context,
  volume: ResolvedVolume,
  image: ImageTree,
  tmp: string,
): Promise<boolean> {
  const { definition, source, target: path } = volume;
  const isDirectory = localMount(definition.options) === undefined;
  const made =
    isThere(context, definition.name) || isDirectory ? false : makeEmpty(context, volume, image, tmp);
  if (isThere(context, definition.name) && !isFillable(volume)) return made;
  using _lease = takeLease(context.database, image.layers);
  if (!isDirectory) {
    await copyFromImage(context, image, { path, to: source, into: true, tmp });
    return made;
  }
  if (!(await copyFromImage(context, image, { path, to: tmp, tmp })))
    return isThere(context, definition.name) ? false : makeEmpty(context, volume, image, tmp);
  const draft = join(tmp, 'tree');
  if (placeVolume(context, definition, draft)) return true;
  fillEmpty(context, definition.name, draft);
  return false;
}

/**
 * Puts what was copied into the place of a volume that is there and empty: in one step, unless a container that is up
 * has it mounted. Does nothing when somebody has written to it meanwhile.
 */
function fillEmpty(context: Context, name: string, draft: string): void {
  const { database, paths } = context;
  const directory = join(paths.volumes, name);
  database.transaction(() => {
    if (!existsSync(directory) || readdirSync(directory).length > 0) return;
    if (isUnused(context, name)) renameSync(draft, directory);
    else moveInto(draft, directory);
    syncDirectory(paths.volumes);
  });
}

function moveInto(draft: string, directory: string): void {
  const { uid, gid, mode } = statSync(draft);
  chownSync(directory, uid, gid);
  chmodSync(directory, mode & 0o7777);
  for (const entry of readdirSync(draft)) renameSync(join(draft, entry), join(directory, entry));
  syncDirectory(directory);
}

/** Whoever starts a container meanwhile opens its volumes after this transaction. */
function isUnused(context: Context, name: string): boolean {
  return usersOf(context.database, name).every(({ id }) => {
    const user = containerById(context.database, id);
    return user === undefined || isIdle(context, user);
  });
}
