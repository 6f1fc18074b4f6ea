import { EngineError } from '../../errors.ts';
import { type Database, isUniqueViolation } from '../../host/database.ts';
import type { Digest } from '../../oci/digest.ts';
import type { ExitRecord } from '../../runtime/monitor/records.ts';
import type { CreateOptions } from '../options/create.ts';
import {
  type ContainerRow,
  insertion,
  keptOptions,
  type OwnerMaps,
  type StartFailure,
  toOwnerMaps,
  toRow,
} from './container-row.ts';
import { findDeparture } from './departures.ts';

export type { ContainerId, ContainerRow, OwnerMaps, StartFailure } from './container-row.ts';

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
  const { sql, values } = insertion(row);
  database.run(sql, ...values);
}

function nameTaken(name: string, holder: string): EngineError {
  return new EngineError(
    'conflict',
    `the container name "${name}" is already in use by container ${holder.slice(0, 12)}`,
    {
      subject: name,
      failure: 'containerNameTaken',
      object: holder,
      remedy: `remove that container first (skiff rm ${name}) or choose another name`,
    },
  );
}

/** Returns all containers but the steps of builds, newest first. */
export function allContainers(database: Database): ContainerRow[] {
  return database.all('SELECT * FROM container WHERE step IS NULL ORDER BY created_at DESC, id').map(toRow);
}

/** Returns the steps of builds. */
export function buildSteps(database: Database): ContainerRow[] {
  return database.all('SELECT * FROM container WHERE step IS NOT NULL').map(toRow);
}

/** Returns the ids of all containers, the steps of builds among them. */
export function containerIds(database: Database): string[] {
  return database.all('SELECT id FROM container').map(({ id }) => id as string);
}

export function containerById(database: Database, id: string): ContainerRow | undefined {
  const row = database.get('SELECT * FROM container WHERE id = ?', id);
  return row === undefined ? undefined : toRow(row);
}

export function containerByName(database: Database, name: string): ContainerRow | undefined {
  const row = database.get('SELECT * FROM container WHERE name = ?', name);
  return row === undefined ? undefined : toRow(row);
}

/** The containers, running or not, whose options name a network by its id, in the order of their ids. */
export function containersNaming(database: Database, networkId: string): ContainerRow[] {
  return database
    .all(
      `SELECT id FROM container WHERE EXISTS (
         SELECT 1 FROM json_each(options, '$.network.attachments') AS attachment
         WHERE attachment.value ->> '$.network' = ?)
       ORDER BY id`,
      networkId,
    )
    .flatMap((row) => containerById(database, row['id'] as string) ?? []);
}

/** The id maps of every container that has a user namespace of its own. */
export function ownerMapsOfAll(database: Database): { id: string; maps: OwnerMaps }[] {
  return database
    .all('SELECT id, id_maps FROM container WHERE id_maps IS NOT NULL')
    .map((row) => ({ id: row['id'] as string, maps: toOwnerMaps(row) }));
}

/** A container by full id, name, or a prefix of its id that fits only one. Throws `notFound`, or `conflict` when several fit. */
export function findContainer(database: Database, text: string): ContainerRow {
  const found = lookUpContainer(database, text);
  if (found === undefined) throw noSuchContainer(database, text);
  return found;
}

/**
 * Finds a container by its name, id or a prefix of its id; undefined when there is none, or it is a step of a build. Throws `conflict` when several
 * ids begin so.
 */
export function lookUpContainer(database: Database, text: string): ContainerRow | undefined {
  const exact = database.get(
    'SELECT * FROM container WHERE (id = ?1 OR name = ?1) AND step IS NULL',
    text.replace(/^\//, ''),
  );
  if (exact !== undefined) return toRow(exact);
  const fitting = /^[0-9a-f]+$/.test(text)
    ? database.all("SELECT * FROM container WHERE id GLOB ? || '*' AND step IS NULL LIMIT 2", text)
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

/** The row of a container as it is now. Throws `notFound` when it was removed since it was found. */
export function currentRow(
  database: Database,
  { id, name }: Pick<ContainerRow, 'id' | 'name'>,
): ContainerRow {
  const row = containerById(database, id);
  if (row === undefined) throw noSuchContainer(database, name);
  return row;
}

/** Returns the error for a container that is not there, maybe any more. */
export function noSuchContainer(database: Database, text: string): EngineError {
  const departure = findDeparture(database, text);
  const remedy =
    departure === undefined
      ? 'skiff ps -a lists all containers'
      : `it ended with exit code ${departure.record.code} and was removed, as --rm says: see skiff why ${text}`;
  return new EngineError('notFound', `no such container: ${text}`, {
    subject: text,
    failure: 'noSuchContainer',
    remedy,
  });
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

/**
 * Notes that whoever was about to start a container, this very process, has done so, and goes on. As a starter that does
 * not live any more says: its last end is not that of this run.
 */
export function recordStarted(database: Database, id: string, starter: string): void {
  database.run(`UPDATE container SET starter = 'gone' WHERE id = ? AND starter = ?`, id, starter);
}

/** Notes that no command is at work on the container any more. */
export function releaseContainer(database: Database, id: string): void {
  database.run('UPDATE container SET starter = NULL WHERE id = ?', id);
}

/**
 * Changes what a container was made with, as it is now and not as it was found. Call it in a transaction. Returns the new
 * options; throws `notFound` when it was removed meanwhile.
 */
export function changeOptions(
  database: Database,
  row: Pick<ContainerRow, 'id' | 'name'>,
  change: (options: CreateOptions) => CreateOptions,
): CreateOptions {
  const options = change(currentRow(database, row).options);
  database.run('UPDATE container SET options = ? WHERE id = ?', keptOptions(options), row.id);
  return options;
}

/** Keeps the text of an image's configuration with the containers that stand on it: they can still be started without it. */
export function keepImageConfig(database: Database, { id, config }: { id: Digest; config: string }): void {
  database.run('UPDATE container SET image_config = ? WHERE image_id = ?', config, id);
}

/** Notes whether somebody wants the container to run: what a reboot goes by. */
export function recordWanted(database: Database, id: string, wanted: ContainerRow['wanted']): void {
  database.run('UPDATE container SET wanted = ?1 WHERE id = ?2 AND wanted <> ?1', wanted, id);
}

export function recordStartFailure(database: Database, id: string, failure: StartFailure): void {
  database.run('UPDATE container SET error = ? WHERE id = ?', JSON.stringify(failure), id);
}
