import { chmodSync, chownSync, existsSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../../host/lock.ts';
import { syncDirectory } from '../../host/sync-directory.ts';
import { localMount } from '../../volume/local-driver.ts';
import { isIdle } from '../state/status.ts';
import { takeLease } from '../store/blob-leases.ts';
import { containerById } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { usersOf } from '../store/volumes.ts';
import { inWorkspace } from '../store/workspace.ts';
import { makeEmptyDirectory, placeVolume } from './create.ts';
import { copyFromImage, type ImageTree } from './image-content.ts';
import { isFillable, isThere } from './presence.ts';
import type { ResolvedVolume } from './resolve.ts';

/** Makes a volume, or fills one that is there and empty; loaded only then. Returns whether it was made. */
export async function makeVolume(
  context: Context,
  volume: ResolvedVolume,
  image: ImageTree,
  { wantsContent }: { wantsContent: boolean },
): Promise<boolean> {
  if (!wantsContent)
    return await inWorkspace(context, async ({ tmp }) => makeEmpty(context, volume, image, tmp()));
  const lock = join(context.paths.locks, `volume-${volume.definition.name}`);
  return await withLock(context.helper, lock, () =>
    inWorkspace(context, async ({ tmp }) => await makeFilled(context, volume, image, tmp())),
  );
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
