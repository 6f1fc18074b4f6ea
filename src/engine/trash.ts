import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EngineError } from '../errors.ts';
import { type ContainerId, deleteContainer } from './container-store.ts';
import type { Context } from './context.ts';

/**
 * Deletes what was renamed into the trash, by whoever: nothing in there has an owner. Two commands at once are fine.
 * Throws `unavailable` naming the tree that cannot be deleted.
 */
export async function emptyTrash(context: Context): Promise<void> {
  for (const name of namesIn(context.paths.trash)) {
    const tree = join(context.paths.trash, name);
    try {
      await promisify(execFile)(context.helper, ['remove', tree]);
    } catch (cause) {
      throw new EngineError('unavailable', `cannot delete ${tree}`, {
        subject: tree,
        cause,
        hint: 'a file below it is immutable or in use',
      });
    }
  }
}

/** A container's row goes with the name of its directory in one transaction; what is in the trash is nobody's. */
export function discardContainer({ paths, database }: Context, id: ContainerId): void {
  const directory = join(paths.containers, id);
  database.transaction(() => {
    deleteContainer(database, id);
    mkdirSync(paths.trash, { recursive: true, mode: 0o700 });
    if (existsSync(directory)) renameSync(directory, join(paths.trash, id));
  });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
