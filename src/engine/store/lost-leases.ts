import type { Database } from '../../host/database.ts';

/** The tables of what containers hold of networks and of the host. */
const TABLES = ['address_lease', 'port_lease'] as const;
const LOST = 'container_id NOT IN (SELECT id FROM container)';

/** Ids of no container that addresses or ports are leased to. Call it in a transaction. */
export function lostHolders(database: Database): string[] {
  const ids = TABLES.flatMap((table) =>
    database
      .all(`SELECT container_id FROM ${table} WHERE ${LOST}`)
      .map((row) => row['container_id'] as string),
  );
  return [...new Set(ids)];
}

export function dropLostLeases(database: Database): void {
  for (const table of TABLES) database.run(`DELETE FROM ${table} WHERE ${LOST}`);
}
