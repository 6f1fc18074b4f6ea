import { EngineError } from '../../errors.ts';
import { checkVolumeName } from '../../volume/name.ts';
import { transactionAfterSweep } from '../state/departures.ts';
import { isIdle } from '../state/status.ts';
import { containerById } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { unmountUnneeded } from '../store/volume-mounts.ts';
import { findVolume, renameVolume, usersOf, volumeByName, volumeDirectory } from '../store/volumes.ts';

/**
 * Gives a volume another name; the containers that use it have it by that one from their next start. Throws `invalid` and
 * `conflict` for a name that cannot be or is taken, and `conflict` while a container that uses it is up: its monitor may
 * start it again by the path that it knows.
 */
export async function renameVolumeTo(context: Context, text: string, newName: string): Promise<void> {
  checkVolumeName(newName);
  const { database } = context;
  const row = findVolume(database, text);
  volumeDirectory(context, row);
  await unmountUnneeded(context, [row.name]);
  transactionAfterSweep(context, () => 0);
  // On the disk before the directory has the new name: it finds its row whatever happens then.
  database.durableTransaction(() => {
    requireIdleUsers(context, row.name);
    renameVolume(database, row.name, newName);
  });
  const renamed = volumeByName(database, newName);
  if (renamed !== undefined) volumeDirectory(context, renamed);
}

function requireIdleUsers(context: Context, name: string): void {
  for (const { id } of usersOf(context.database, name)) {
    const user = containerById(context.database, id);
    if (user === undefined || isIdle(context, user)) continue;
    throw new EngineError('conflict', `volume ${name} is in use by container ${user.name}, which is up`, {
      subject: name,
      remedy: `stop it first: skiff stop ${user.name}`,
    });
  }
}
