import { chmodSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnDirectory } from '../../host/own-file.ts';
import { syncDirectory } from '../../host/sync-directory.ts';
import type { VolumeDefinition } from '../../volume/definition.ts';
import { appendVolumeEvent } from '../events/volume.ts';
import type { CreateVolumeOptions } from '../options/volume.ts';
import type { Context } from '../store/context.ts';
import { trashOf } from '../store/trash.ts';
import { completeRename, insertVolume, volumeByName } from '../store/volumes.ts';
import { inWorkspace } from '../store/workspace.ts';
import { defineVolume, requireSame } from './define.ts';

/**
 * Makes a volume and returns its name. One that is there already is fine, unless it is to have other options or labels
 * (`conflict`). Throws `invalid` and `unsupported` for what cannot be, in Docker's words.
 */
export async function createVolume(context: Context, asked: CreateVolumeOptions): Promise<string> {
  const definition = defineVolume(asked);
  const { name } = definition;
  const existing = volumeByName(context.database, name);
  if (existing === undefined) await makeEmptyVolume(context, definition);
  const made = existing ?? volumeByName(context.database, name);
  if (made !== undefined) requireSame(made, asked);
  return name;
}

async function makeEmptyVolume(context: Context, definition: VolumeDefinition): Promise<void> {
  await inWorkspace(context, async ({ tmp }) => {
    const draft = join(tmp(), definition.name);
    makeEmptyDirectory(draft);
    placeVolume(context, definition, draft);
  });
}

/** As Docker makes it: everybody inside a container may look in. */
export function makeEmptyDirectory(path: string): void {
  mkdirSync(path, { mode: 0o755 });
  chmodSync(path, 0o755);
  syncDirectory(path);
}

/**
 * Gives a directory that is complete, and on the disk, the name of a volume, and the volume its row. False when somebody
 * else has made it meanwhile: then the draft stays where it is. A row whose directory is gone gets this one.
 */
export function placeVolume(context: Context, definition: VolumeDefinition, draft: string): boolean {
  const { database, paths } = context;
  makeOwnDirectory(paths.volumes, 0o710);
  const directory = join(paths.volumes, definition.name);
  const placed = database.durableTransaction(() => {
    const row = volumeByName(database, definition.name);
    if (row !== undefined) completeRename(context, row.name);
    if (row !== undefined && existsSync(directory)) return false;
    // What no row names is garbage.
    trashOf(context).take(directory);
    if (row === undefined) insertVolume(database, definition);
    renameSync(draft, directory);
    syncDirectory(paths.volumes);
    return true;
  });
  if (placed) appendVolumeEvent(context, definition.name, 'create');
  return placed;
}
