import { EngineError, type ErrorKind } from '../../errors.ts';
import { type Database, isUniqueViolation, type Row } from '../../host/database.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ExitRecord } from '../../runtime/monitor/records.ts';
import type { CreateOptions, IdMaps } from '../options/create.ts';
import { findDeparture } from './departures.ts';

/** 64 lower-case hex digits. */
export type ContainerId = string & { readonly __brand: 'ContainerId' };

/** A container as the database knows it; whether it runs is the kernel's to say (`status.ts`). */
export interface ContainerRow {
  id: ContainerId;
  name: string;
  imageId: Digest;
  /** The image as the user named it. */
  imageName: string;
  /** chainIDs, bottom first. */
  layers: Digest[];
  /** What it executes: the image's process with what the user asked for on top. */
  argv: string[];
  /** With ids in the place of other containers' names, and the host name that it got. */
  options: CreateOptions;
  /** Absent: no user namespace. */
  idMaps: OwnerMaps | undefined;
  autoRemove: boolean;
  /** ms since the epoch. */
  createdAt: number;
  /** `pid starttime` of the command that made or started it last; absent once the end of that run has been seen. */
  starter: string | undefined;
  /** It was started at least once, or is just about to be. */
  started: boolean;
  /** The kernel's boot_id at the last start. */
  boot: string | undefined;
  /** What somebody wants it to do, whatever has become of it: after a reboot `start-all` looks at this. */
  wanted: 'running' | 'stopped';
  /** Why the last start failed. */
  error: StartFailure | undefined;
  /** Of the last run whose end has been seen: with a starter, it is not the last one. */
  ended: ExitRecord | undefined;
  /** The text of its image's configuration, kept when the image was removed by force. */
  imageConfig: string | undefined;
}

/** The id maps of a container's user namespace, and how its files come to have their owners. */
export interface OwnerMaps extends IdMaps {
  /** The kernel shows layers and upper directory through the maps; else the layers are copies with shifted owners. */
  idMapped: boolean;
}

export interface StartFailure {
  message: string;
  exitCode: number;
  kind?: ErrorKind | undefined;
  hint?: string | undefined;
}

/** Adds a row. Throws `conflict` when the name is taken by a container that still exists. */
export function insertContainer(
  database: Database,
  row: ContainerRow,
  leaves: (holder: ContainerRow) => boolean,
): void {
  takeName(database, row.name, leaves, () => insert(database, row));
}

/** Renames a container. Throws `conflict` as `insertContainer`, `notFound` when it was removed meanwhile. */
export function changeName(
  database: Database,
  { id, name }: ContainerRow,
  newName: string,
  leaves: (holder: ContainerRow) => boolean,
): void {
  takeName(database, newName, leaves, () => {
    if (database.run('UPDATE container SET name = ? WHERE id = ?', newName, id) > 0) return;
    throw noSuchContainer(database, name);
  });
}

/** `write` gives somebody the name, which its holder may have left (`leaves`: then its row is not there any more). */
function takeName(
  database: Database,
  name: string,
  leaves: (holder: ContainerRow) => boolean,
  write: () => void,
): void {
  try {
    write();
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    const holder = containerByName(database, name);
    if (holder !== undefined && !leaves(holder)) throw nameTaken(name, holder.id);
    write();
  }
}

function insert(database: Database, row: ContainerRow): void {
  database.run(
    `INSERT INTO container
     (id, name, image_id, image_name, layers, argv, options, id_maps, auto_remove, created_at, starter, started, boot,
      wanted)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    row.id,
    row.name,
    row.imageId,
    row.imageName,
    JSON.stringify(row.layers),
    JSON.stringify(row.argv),
    JSON.stringify(row.options),
    row.idMaps === undefined ? null : JSON.stringify(row.idMaps),
    row.autoRemove ? 1 : 0,
    row.createdAt,
    row.starter ?? null,
    row.started ? 1 : 0,
    row.boot ?? null,
    row.wanted,
  );
}

function nameTaken(name: string, holder: string): EngineError {
  return new EngineError(
    'conflict',
    `the container name "${name}" is already in use by container ${holder.slice(0, 12)}`,
    {
      subject: name,
      hint: `remove that container first (skiff rm ${name}) or choose another name`,
    },
  );
}

/** All containers, newest first. */
export function allContainers(database: Database): ContainerRow[] {
  return database.all('SELECT * FROM container ORDER BY created_at DESC, id').map(toRow);
}

export function containerById(database: Database, id: string): ContainerRow | undefined {
  const row = database.get('SELECT * FROM container WHERE id = ?', id);
  return row === undefined ? undefined : toRow(row);
}

export function containerByName(database: Database, name: string): ContainerRow | undefined {
  const row = database.get('SELECT * FROM container WHERE name = ?', name);
  return row === undefined ? undefined : toRow(row);
}

/** A container by full id, name, or a prefix of its id that fits only one. Throws `notFound`, or `conflict` when several fit. */
export function findContainer(database: Database, text: string): ContainerRow {
  const found = lookUpContainer(database, text);
  if (found === undefined) throw noSuchContainer(database, text);
  return found;
}

/** The same; undefined when there is none. */
export function lookUpContainer(database: Database, text: string): ContainerRow | undefined {
  const exact = database.get('SELECT * FROM container WHERE id = ?1 OR name = ?1', text.replace(/^\//, ''));
  if (exact !== undefined) return toRow(exact);
  const fitting = /^[0-9a-f]+$/.test(text)
    ? database.all("SELECT * FROM container WHERE id GLOB ? || '*' LIMIT 2", text)
    : [];
  const [first, second] = fitting;
  if (first === undefined) return undefined;
  if (second !== undefined) {
    throw new EngineError('conflict', `several containers begin with ${text}`, {
      subject: text,
      hint: 'give more digits of the id',
    });
  }
  return toRow(first);
}

/** What is said of a container that is not there, maybe any more. */
export function noSuchContainer(database: Database, text: string): EngineError {
  const departure = findDeparture(database, text);
  const hint =
    departure === undefined
      ? 'skiff ps -a lists all containers'
      : `it ended with exit code ${departure.record.code} and was removed, as --rm says: see skiff why ${text}`;
  return new EngineError('notFound', `no such container: ${text}`, { subject: text, hint });
}

export function deleteContainer(database: Database, id: string): boolean {
  database.run('DELETE FROM address_lease WHERE container_id = ?', id);
  database.run('DELETE FROM port_lease WHERE container_id = ?', id);
  return database.run('DELETE FROM container WHERE id = ?', id) > 0;
}

/** Notes how the last run ended. Call it in a transaction that has made sure that nobody has started it again. */
export function recordEnd(database: Database, id: string, ended: ExitRecord): void {
  database.run('UPDATE container SET ended = ?, starter = NULL WHERE id = ?', JSON.stringify(ended), id);
}

/** Notes who starts a container again, with the boot_id. The record of its last run stays until the next one ends. */
export function recordStart(
  database: Database,
  id: string,
  { starter, boot }: { starter: string | undefined; boot: string },
): void {
  database.run(
    `UPDATE container SET starter = ?, boot = ?, started = 1, wanted = 'running', error = NULL WHERE id = ?`,
    starter ?? null,
    boot,
    id,
  );
}

/** Notes who is about to start a container again that still runs. */
export function recordStarter(database: Database, id: string, starter: string | undefined): void {
  database.run('UPDATE container SET starter = ? WHERE id = ?', starter ?? null, id);
}

/** Nobody is at work on it any more. */
export function releaseContainer(database: Database, id: string): void {
  database.run('UPDATE container SET starter = NULL WHERE id = ?', id);
}

/** Notes whether somebody wants it to run: what a reboot goes by. */
export function recordWanted(database: Database, id: string, wanted: ContainerRow['wanted']): void {
  database.run('UPDATE container SET wanted = ?1 WHERE id = ?2 AND wanted <> ?1', wanted, id);
}

export function recordStartFailure(database: Database, id: string, failure: StartFailure): void {
  database.run('UPDATE container SET error = ? WHERE id = ?', JSON.stringify(failure), id);
}

function toRow(row: Row): ContainerRow {
  const text = (column: string) => row[column] as string;
  const json = (column: string) => (row[column] === null ? undefined : JSON.parse(text(column)));
  return {
    id: text('id') as ContainerId,
    name: text('name'),
    imageId: text('image_id') as Digest,
    imageName: text('image_name'),
    layers: json('layers') as Digest[],
    argv: json('argv') as string[],
    options: json('options') as CreateOptions,
    idMaps: json('id_maps') as OwnerMaps | undefined,
    autoRemove: row['auto_remove'] === 1,
    createdAt: row['created_at'] as number,
    starter: (row['starter'] as string | null) ?? undefined,
    started: row['started'] === 1,
    boot: (row['boot'] as string | null) ?? undefined,
    wanted: row['wanted'] === 'running' ? 'running' : 'stopped',
    error: json('error') as StartFailure | undefined,
    ended: json('ended') as ExitRecord | undefined,
    imageConfig: (row['image_config'] as string | null) ?? undefined,
  };
}
