import { EngineError } from '../../errors.ts';
import { type Database, isUniqueViolation, type Row } from '../../host/database.ts';
import type { NetworkDefinition } from '../../network/address/definition.ts';

/** A network as the database knows it. `host` and `none` are no rows: there is nothing to know of them. */
export interface NetworkRow {
  definition: NetworkDefinition;
  labels: Record<string, string>;
  /** The options of the driver, as the user gave them. */
  options: Record<string, string>;
  /** ms since the epoch. */
  createdAt: number;
  /** The addresses that were handed out last. */
  last4: string | undefined;
  last6: string | undefined;
}

/** Adds a row. Throws `conflict` when the name is taken. */
export function insertNetwork(
  database: Database,
  { definition, labels, options, createdAt }: Omit<NetworkRow, 'last4' | 'last6'>,
): void {
  try {
    database.run(
      'INSERT INTO network (id, name, definition, labels, options, created_at) VALUES (?, ?, ?, ?, ?, ?)',
      definition.id,
      definition.name,
      JSON.stringify(definition),
      JSON.stringify(labels),
      JSON.stringify(options),
      createdAt,
    );
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new EngineError('conflict', `network ${definition.name} exists already`, {
      subject: definition.name,
      failure: 'networkNameTaken',
      remedy: `choose another name, or remove it first (skiff network rm ${definition.name})`,
    });
  }
}

export function deleteNetwork(database: Database, id: string): void {
  database.run('DELETE FROM network WHERE id = ?', id);
}

/** Returns all networks by name. */
export function allNetworks(database: Database): NetworkRow[] {
  return database.all('SELECT * FROM network ORDER BY name').map(toRow);
}

export function networkByName(database: Database, name: string): NetworkRow | undefined {
  const row = database.get('SELECT * FROM network WHERE name = ?', name);
  return row === undefined ? undefined : toRow(row);
}

export function networkById(database: Database, id: string): NetworkRow | undefined {
  const row = database.get('SELECT * FROM network WHERE id = ?', id);
  return row === undefined ? undefined : toRow(row);
}

/** A network by name, full id, or a prefix of its id that fits only one. Throws `notFound`, or `conflict` when several fit. */
export function findNetwork(database: Database, text: string): NetworkRow {
  const exact = networkByName(database, text) ?? networkById(database, text);
  if (exact !== undefined) return exact;
  const fitting = /^[0-9a-f]+$/.test(text)
    ? database.all("SELECT * FROM network WHERE id GLOB ? || '*' LIMIT 2", text)
    : [];
  const [first, second] = fitting;
  if (first === undefined) throw noSuchNetwork(text);
  if (second !== undefined) {
    throw new EngineError('conflict', `several networks begin with ${text}`, {
      subject: text,
      hint: 'give more digits of the id',
    });
  }
  return toRow(first);
}

export function noSuchNetwork(text: string): EngineError {
  return new EngineError('notFound', `no such network: ${text}`, {
    subject: text,
    failure: 'noSuchNetwork',
    remedy: `skiff network ls lists them, skiff network create ${text} makes one`,
  });
}

function toRow(row: Row): NetworkRow {
  return {
    definition: JSON.parse(row['definition'] as string) as NetworkDefinition,
    labels: JSON.parse(row['labels'] as string) as Record<string, string>,
    options: JSON.parse(row['options'] as string) as Record<string, string>,
    createdAt: row['created_at'] as number,
    last4: (row['last4'] as string | null) ?? undefined,
    last6: (row['last6'] as string | null) ?? undefined,
  };
}
