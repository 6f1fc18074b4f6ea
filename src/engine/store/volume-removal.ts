import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '../../host/database.ts';
import type { Trash } from '../../storage/trash.ts';
import type { Context } from './context.ts';
import { mountLock } from './volume-mounts.ts';

/** Names of the volumes that a container uses. */
export function volumesOf(database: Database, containerId: string): string[] {
  const rows = database.all('SELECT volume FROM volume_use WHERE container_id = ?', containerId);
  return rows.map((row) => row['volume'] as string);
}

/**
 * Deletes a volume that nobody uses: its row, and its directory goes into the trash; of those that somebody has named only
 * when `named` says so. Call it in a transaction. False when a container uses it, or when it is gone.
 */
export function deleteVolume(
  { database, paths }: Context,
  trash: Trash,
  name: string,
  { named }: { named: boolean } = { named: true },
): boolean {
  const row = database.get(
    `SELECT options, renamed_from FROM volume WHERE name = ?1 AND (anonymous = 1 OR ?2)
     AND NOT EXISTS (SELECT 1 FROM volume_use WHERE volume = ?1)`,
    name,
    named ? 1 : 0,
  );
  if (row === undefined) return false;
  database.run('DELETE FROM volume WHERE name = ?', name);
  for (const each of [(row['renamed_from'] as string | null) ?? name, name])
    trash.take(join(paths.volumes, each));
  if (row['options'] !== '{}') rmSync(mountLock({ paths }, name), { force: true });
  return true;
}
