import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import { type Database, isUniqueViolation, type Row } from '../../host/database.ts';
import { syncDirectory } from '../../host/sync-directory.ts';
import type { VolumeDefinition } from '../../volume/definition.ts';
import type { Context } from './context.ts';

/** A volume as the database knows it. */
export interface VolumeRow extends VolumeDefinition {
  /** What its directory is still called, when whoever renamed it was killed. */
  renamedFrom: string | undefined;
}

/** Adds a row. Throws `conflict` when the name is taken. */
export function insertVolume(
  database: Database,
  { name, driver, labels, options, createdAt, anonymous }: VolumeDefinition,
): void {
  if (database.get('SELECT 1 FROM volume WHERE renamed_from = ?', name) !== undefined) throw nameTaken(name);
  guardName(name, () =>
    database.run(
      'INSERT INTO volume (name, driver, labels, options, created_at, anonymous) VALUES (?, ?, ?, ?, ?, ?)',
      name,
      driver,
      JSON.stringify(labels),
      JSON.stringify(options),
      createdAt,
      anonymous ? 1 : 0,
    ),
  );
}

function guardName(name: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw isUniqueViolation(error) ? nameTaken(name) : error;
  }
}

function nameTaken(name: string): EngineError {
  return new EngineError('conflict', `volume ${name} exists already`, {
    subject: name,
    remedy: `choose another name, or remove it first (skiff volume rm ${name})`,
  });
}

/** By name. */
export function allVolumes(database: Database): VolumeRow[] {
  return database.all('SELECT * FROM volume ORDER BY name').map(toRow);
}

export function volumeByName(database: Database, name: string): VolumeRow | undefined {
  const row = database.get('SELECT * FROM volume WHERE name = ?', name);
  return row === undefined ? undefined : toRow(row);
}

/** A volume by its whole name, or by the beginning of an anonymous one's that fits only one. Throws `notFound`, `conflict`. */
export function findVolume(database: Database, text: string): VolumeRow {
  const exact = volumeByName(database, text);
  if (exact !== undefined) return exact;
  const fitting = /^[0-9a-f]{4,}$/.test(text)
    ? database.all("SELECT * FROM volume WHERE anonymous = 1 AND name GLOB ? || '*' LIMIT 2", text)
    : [];
  const [first, second] = fitting;
  if (first === undefined) throw noSuchVolume(text);
  if (second !== undefined) {
    throw new EngineError('conflict', `several volumes begin with ${text}`, {
      subject: text,
      hint: 'give more digits of the name',
    });
  }
  return toRow(first);
}

export function noSuchVolume(text: string): EngineError {
  return new EngineError('notFound', `no such volume: ${text}`, {
    subject: text,
    failure: 'noSuchVolume',
    remedy: `skiff volume ls lists them, skiff volume create ${text} makes one`,
  });
}

/** The containers that use a volume, running or not, oldest first. */
export function usersOf(database: Database, name: string): { id: string; name: string }[] {
  const rows = database.all(
    `SELECT id, name FROM container JOIN volume_use ON container_id = id WHERE volume = ? ORDER BY created_at, id`,
    name,
  );
  return rows.map((row) => ({ id: row['id'] as string, name: row['name'] as string }));
}

/** Names of the volumes that some container uses. */
export function usedVolumes(database: Database): Set<string> {
  return new Set(
    database.all('SELECT DISTINCT volume FROM volume_use').map((row) => row['volume'] as string),
  );
}

/** Whether volumes are there, with the options that they were seen with. */
export function haveVolumes(
  database: Database,
  volumes: readonly Pick<VolumeDefinition, 'name' | 'options'>[],
): boolean {
  return volumes.every(({ name, options }) => {
    const row = volumeByName(database, name);
    return row !== undefined && JSON.stringify(row.options) === JSON.stringify(options);
  });
}

/**
 * Notes that a container uses volumes, which are there. Call it in the transaction of the container's row, after its
 * insertion: from then on they cannot be removed.
 */
export function useVolumes(database: Database, containerId: string, names: readonly string[]): void {
  for (const name of names)
    database.run('INSERT OR IGNORE INTO volume_use (container_id, volume) VALUES (?, ?)', containerId, name);
}

/** The directory of a volume. One whose renaming was cut short gets its new name first. */
export function volumeDirectory(context: Context, { name, renamedFrom }: VolumeRow): string {
  if (renamedFrom !== undefined) context.database.transaction(() => completeRename(context, name));
  return join(context.paths.volumes, name);
}

/** Gives the directory of a volume the name that its row has. Call it in a transaction. */
export function completeRename({ database, paths }: Context, name: string): void {
  const former = volumeByName(database, name)?.renamedFrom;
  if (former === undefined) return;
  const old = join(paths.volumes, former);
  if (existsSync(old)) renameSync(old, join(paths.volumes, name));
  syncDirectory(paths.volumes);
  database.run('UPDATE volume SET renamed_from = NULL WHERE name = ?', name);
}

/**
 * Gives a volume another name, which the containers that use it know from then on; its directory still has the old one,
 * which stays taken until `volumeDirectory` has renamed it. Call it in a transaction. Throws `conflict` when it is taken.
 */
export function renameVolume(database: Database, name: string, newName: string): void {
  if (database.get('SELECT 1 FROM volume WHERE renamed_from = ?', newName) !== undefined)
    throw nameTaken(newName);
  const users = usersOf(database, name);
  guardName(newName, () =>
    database.run(
      'UPDATE volume SET name = ?, renamed_from = ?, anonymous = 0 WHERE name = ?',
      newName,
      name,
      name,
    ),
  );
  for (const { id } of users) renameInOptions(database, id, { name, newName });
}

/** The options of a container name the volumes of its mounts. */
function renameInOptions(
  database: Database,
  id: string,
  { name, newName }: { name: string; newName: string },
): void {
  const row = database.get('SELECT options FROM container WHERE id = ?', id);
  const options = JSON.parse(row?.['options'] as string) as { mounts?: { type: string; name?: string }[] };
  for (const mount of options.mounts ?? [])
    if (mount.type === 'volume' && mount.name === name) mount.name = newName;
  database.run('UPDATE container SET options = ? WHERE id = ?', JSON.stringify(options), id);
}

function toRow(row: Row): VolumeRow {
  return {
    name: row['name'] as string,
    driver: 'local',
    labels: JSON.parse(row['labels'] as string) as Record<string, string>,
    options: JSON.parse(row['options'] as string) as Record<string, string>,
    createdAt: row['created_at'] as number,
    anonymous: row['anonymous'] === 1,
    renamedFrom: (row['renamed_from'] as string | null) ?? undefined,
  };
}
