import type { Database } from '../../host/database.ts';
import type { Digest } from '../../oci/digest.ts';
import { type ExitRecord, parseExitRecord } from '../../runtime/monitor/records.ts';
import type { CreateOptions } from '../options/create.ts';

/** A `--rm` container that is gone: how it ended, and what that is understood by. */
export interface Departure {
  id: string;
  name: string;
  imageId: Digest;
  /** ms since the epoch. */
  createdAt: number;
  options: Pick<CreateOptions, 'resources' | 'stop'> & {
    process: { init?: boolean | null | undefined };
    namespaces: { pid?: CreateOptions['namespaces']['pid'] | null };
  };
  record: ExitRecord;
}

/**
 * The number of ends that are remembered, the last ones: enough for whoever asks right after, bounded for who runs
 * thousands.
 */
const KEPT = 128;

/**
 * Remembers how a container ended whose row is about to go; `record` is the text that its monitor left. Neither its
 * command nor its environment is kept: they may hold what was to go with it. About 30 us.
 */
export function insertDeparture(database: Database, id: string, record: string): void {
  database.run(
    `INSERT INTO departure (id, name, image_id, created_at, options, record)
     SELECT id, name, image_id, created_at,
       json_object('process', json_object('init', json(options -> '$.process.init')),
         'namespaces', json_object('pid', json(options -> '$.namespaces.pid')),
         'resources', json(options -> '$.resources'), 'stop', json(options -> '$.stop')), ?2
     FROM container WHERE id = ?1`,
    id,
    record,
  );
  database.run('DELETE FROM departure WHERE number <= (SELECT max(number) FROM departure) - ?', KEPT);
}

/** Finds the last departure with this id, or name, or the one whose id begins with it. */
export function findDeparture(database: Database, text: string): Departure | undefined {
  const called = database.get(
    'SELECT * FROM departure WHERE id = ?1 OR name = ?1 ORDER BY number DESC LIMIT 1',
    text.replace(/^\//, ''),
  );
  const fitting =
    called === undefined && /^[0-9a-f]+$/.test(text)
      ? database.all("SELECT * FROM departure WHERE id GLOB ? || '*' LIMIT 2", text)
      : [];
  const row = called ?? (fitting.length === 1 ? fitting[0] : undefined);
  if (row === undefined) return undefined;
  return {
    id: row['id'] as string,
    name: row['name'] as string,
    imageId: row['image_id'] as Digest,
    createdAt: row['created_at'] as number,
    options: JSON.parse(row['options'] as string) as Departure['options'],
    record: parseExitRecord(row['record'] as string),
  };
}
