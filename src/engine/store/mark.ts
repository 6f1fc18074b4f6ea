import { EngineError } from '../../errors.ts';
import type { Database } from '../../host/database.ts';

/** The changes that a marked store refuses: new rows that name something, and starts. */
const GUARDED = [
  ...['container', 'image', 'manifest', 'image_name', 'index_document', 'network', 'volume', 'lease'].map(
    (table) => ({
      name: `reset_${table}`,
      when: `BEFORE INSERT ON ${table}`,
    }),
  ),
  { name: 'reset_start', when: 'BEFORE UPDATE OF starter ON container WHEN NEW.starter IS NOT NULL' },
];

/**
 * Marks a store as one that is being removed: from then on nothing can be added to it, by whatever command has it open
 * (`guarded` in host/database.ts), and it costs those nothing as long as there is no mark. It is in the database's own
 * file when this returns, so that whoever is killed afterwards leaves a store that is marked. Throws `conflict` when
 * another command reads all the time.
 */
export function markStore(database: Database): void {
  database.transaction(() => {
    for (const { name, when } of GUARDED)
      database.run(`CREATE TRIGGER IF NOT EXISTS ${name} ${when} BEGIN SELECT RAISE(ABORT, 'reset'); END`);
  });
  if (database.emptyLog()) return;
  unmarkStore(database);
  throw new EngineError('conflict', 'other commands are reading from this store', {
    hint: 'try again when they have ended',
  });
}

/** Takes the mark back: nothing has happened. */
export function unmarkStore(database: Database): void {
  database.transaction(() => {
    for (const { name } of GUARDED) database.run(`DROP TRIGGER IF EXISTS ${name}`);
  });
}
