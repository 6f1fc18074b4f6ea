import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { namesIn, unlessMissing } from '../../host/missing.ts';
import { syncDirectory } from '../../host/sync-directory.ts';
import type { Trash } from '../../storage/trash.ts';
import type { SnapshotKind } from '../options/snapshot.ts';
import { containerPaths } from './container-paths.ts';
import type { ContainerId, ContainerRow } from './containers.ts';
import type { Context } from './context.ts';

/** A snapshot as the database knows it. */
export interface SnapshotRow {
  containerId: string;
  name: string;
  /** Counts up with each snapshot of a container. */
  number: number;
  kind: SnapshotKind;
  /** ms since the epoch. */
  createdAt: number;
}

type Owner = Pick<ContainerRow, 'id' | 'name'>;

/** Snapshots of one container, or of all, those of a container newest first. */
export function snapshotsOf({ database }: Pick<Context, 'database'>, containerId?: string): SnapshotRow[] {
  const of = containerId === undefined ? [] : [containerId];
  return database
    .all(
      `SELECT * FROM snapshot WHERE replaces IS NULL ${of.length > 0 ? 'AND container_id = ?' : ''}
       ORDER BY container_id, number DESC`,
      ...of,
    )
    .map((row) => ({
      containerId: row['container_id'] as string,
      name: row['name'] as string,
      number: row['number'] as number,
      kind: row['kind'] as SnapshotKind,
      createdAt: row['created_at'] as number,
    }));
}

/** A snapshot of a container by its name; without one its newest. Throws `notFound`. */
export function findSnapshot(context: Context, container: Owner, name?: string): SnapshotRow {
  const all = snapshotsOf(context, container.id);
  const found = name === undefined ? all[0] : all.find((one) => one.name === name);
  if (found !== undefined) return found;
  if (name !== undefined) throw noSuchSnapshot(container, name);
  throw new EngineError('notFound', `container ${container.name} has no snapshots`, {
    subject: container.name,
    remedy: `skiff snapshot ${container.name} makes one`,
  });
}

/** Returns the error for a snapshot that is not there, maybe any more. */
export function noSuchSnapshot(container: Owner, name: string): EngineError {
  return new EngineError('notFound', `no such snapshot: ${container.name}@${name}`, {
    subject: `${container.name}@${name}`,
    remedy: `skiff snapshot ls ${container.name} lists them`,
  });
}

/** Whether a snapshot is the one that it was when it was found, and so were its files all the time. */
export function isStillThere({ database }: Context, { containerId, name, number }: SnapshotRow): boolean {
  const sql = 'SELECT 1 FROM snapshot WHERE container_id = ? AND name = ? AND number = ?';
  return database.get(sql, containerId, name, number) !== undefined;
}

/** Whether a name is taken, also by what an undo that was cut short has left. */
export function isSnapshot({ database }: Context, containerId: string, name: string): boolean {
  return (
    database.get('SELECT 1 FROM snapshot WHERE container_id = ? AND name = ?', containerId, name) !==
    undefined
  );
}

export interface NewSnapshot {
  name: string;
  kind: SnapshotKind;
  createdAt: number;
  /** The inode of the upper directory that is about to be put in the place of `draft`. */
  replaces?: string | undefined;
}

/**
 * Gives a directory that is complete, and on the disk, the name of a snapshot, and the snapshot its row. Call it in a
 * durable transaction that has made sure that the container is there and the name is free: killed before the end of it,
 * the directory is one without a row. Throws ENOENT when the container's directory is gone.
 */
export function placeSnapshot(
  { database, paths }: Context,
  { id }: Owner,
  draft: string,
  { name, kind, createdAt, replaces }: NewSnapshot,
  trash: Trash,
): void {
  const { directory, snapshots } = containerPaths(paths, id);
  // Not those above it: a container that removes itself may be gone already.
  if (!existsSync(snapshots)) mkdirSync(snapshots, { mode: 0o700 });
  // What no row names is garbage.
  trash.take(`${snapshots}/${name}`);
  renameSync(draft, `${snapshots}/${name}`);
  syncDirectory(snapshots);
  syncDirectory(directory);
  database.run(
    `INSERT INTO snapshot (container_id, name, number, kind, created_at, replaces)
     SELECT ?1, ?2, 1 + coalesce(max(number), 0), ?3, ?4, ?5 FROM snapshot WHERE container_id = ?1`,
    id,
    name,
    kind,
    createdAt,
    replaces ?? null,
  );
}

/** Deletes the row of a snapshot; false when it has none. Its directory is garbage once the transaction has ended. */
export function deleteSnapshot({ database }: Context, containerId: string, name: string): boolean {
  const sql = 'DELETE FROM snapshot WHERE container_id = ? AND name = ? AND replaces IS NULL';
  return database.run(sql, containerId, name) > 0;
}

/** Deletes the rows of a kind but the newest ones, as `deleteSnapshot`. */
export function keepNewest(context: Context, containerId: string, kind: SnapshotKind, count: number): void {
  const ofKind = snapshotsOf(context, containerId).filter((one) => one.kind === kind);
  for (const { name } of ofKind.slice(count)) deleteSnapshot(context, containerId, name);
}

/** The containers of which an undo is at work, or was killed. */
export function withHalfMade({ database }: Context): ContainerId[] {
  const rows = database.all('SELECT container_id FROM snapshot WHERE replaces IS NOT NULL');
  return rows.map((row) => row['container_id'] as ContainerId);
}

/** The snapshot that an undo was about to complete, with the inode of the upper directory that was to become it. */
function halfMade(
  { database }: Context,
  containerId: string,
): { name: string; replaces: string } | undefined {
  const row = database.get(
    'SELECT name, replaces FROM snapshot WHERE container_id = ? AND replaces IS NOT NULL',
    containerId,
  );
  return row && { name: row['name'] as string, replaces: row['replaces'] as string };
}

/** Notes that it is there. */
export function completeHalfMade({ database }: Context, containerId: string): void {
  const sql = 'UPDATE snapshot SET replaces = NULL WHERE container_id = ? AND replaces IS NOT NULL';
  database.run(sql, containerId);
}

/**
 * Decides what has become of it: its directory either is the one that was to become it, and then it is there, or nothing was
 * undone, and then it goes. While that is looked at the directory has another name, so that nobody can exchange it any
 * more: the helper of a command that was killed may live a moment longer. Call it in a durable transaction.
 */
export function settleHalfMade(context: Context, containerId: string): void {
  const half = halfMade(context, containerId);
  if (half === undefined) return;
  const { snapshots } = containerPaths(context.paths, containerId);
  const [directory, aside] = [`${snapshots}/${half.name}`, `${snapshots}/${asideOf(half.name)}`];
  unlessMissing(() => renameSync(directory, aside));
  const inode = statSync(aside, { bigint: true, throwIfNoEntry: false })?.ino.toString();
  if (inode === half.replaces) {
    renameSync(aside, directory);
    syncDirectory(snapshots);
    completeHalfMade(context, containerId);
  } else {
    const sql = 'DELETE FROM snapshot WHERE container_id = ? AND replaces IS NOT NULL';
    context.database.run(sql, containerId);
  }
}

/** No snapshot is called so. */
function asideOf(name: string): string {
  return `.${name}`;
}

/** Names of a container's directories of snapshots without a row: garbage, if a transaction sees them. */
export function abandonedSnapshots({ database, paths }: Context, containerId: string): string[] {
  const names = namesIn(containerPaths(paths, containerId).snapshots);
  if (names.length === 0) return [];
  const rows = database.all('SELECT name, replaces FROM snapshot WHERE container_id = ?', containerId);
  const known = new Set(
    rows.flatMap(({ name, replaces }) =>
      replaces === null ? [name as string] : [name as string, asideOf(name as string)],
    ),
  );
  return names.filter((name) => !known.has(name));
}

/** Moves them into the trash. */
export function discardAbandonedSnapshots(context: Context, containerId: string, trash: Trash): void {
  const { snapshots } = containerPaths(context.paths, containerId);
  context.database.transaction(() => {
    for (const name of abandonedSnapshots(context, containerId)) trash.take(`${snapshots}/${name}`);
  });
}
