import { chmodSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { makeOwnDirectory } from '../../host/own-file.ts';
import { syncDirectory } from '../../host/sync-directory.ts';
import { ANONYMOUS_LABEL, type VolumeDefinition } from '../../volume/definition.ts';
import { checkLocalOptions, localMount } from '../../volume/local-driver.ts';
import { anonymousName, checkVolumeName } from '../../volume/name.ts';
import { appendVolumeEvent } from '../events/volume.ts';
import type { CreateVolumeOptions } from '../options/volume.ts';
import type { Context } from '../store/context.ts';
import { trashOf } from '../store/trash.ts';
import { completeRename, insertVolume, type VolumeRow, volumeByName } from '../store/volumes.ts';
import { inWorkspace } from '../store/workspace.ts';

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

/** What a volume is to be. Throws as `createVolume`. */
export function defineVolume({
  name,
  driver = 'local',
  options = {},
  labels = {},
}: CreateVolumeOptions): VolumeDefinition {
  if (name !== undefined && name !== '') checkVolumeName(name);
  if (driver !== 'local' && driver !== '') throw noDriver(driver);
  checkLocalOptions(options);
  localMount(options);
  const anonymous = name === undefined || name === '';
  return {
    name: anonymous ? anonymousName() : name,
    driver: 'local',
    options,
    labels: anonymous ? { [ANONYMOUS_LABEL]: '', ...labels } : labels,
    anonymous,
    createdAt: Date.now(),
  };
}

function noDriver(driver: string): EngineError {
  return new EngineError('unsupported', `there is no volume driver ${driver}`, {
    subject: driver,
    hint: 'volumes are directories of this host: the driver is local',
  });
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

/** Nothing that is asked for is silently left out. */
export function requireSame(
  existing: VolumeRow,
  { options, labels = {} }: Pick<CreateVolumeOptions, 'options' | 'labels'>,
): void {
  const differs =
    (options !== undefined && !sameMembers(options, existing.options)) ||
    Object.entries(labels).some(([key, value]) => existing.labels[key] !== value);
  if (!differs) return;
  throw new EngineError('conflict', `volume ${existing.name} exists already, with other options or labels`, {
    subject: existing.name,
    hint: `skiff volume inspect ${existing.name} shows them; choose another name, or remove it first`,
  });
}

function sameMembers(
  one: Readonly<Record<string, string>>,
  other: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
