import { EngineError } from '../../errors.ts';
import { treeSizes } from '../../host/tree-size.ts';
import { appendEvent } from '../events/journal.ts';
import { appendVolumeEvent } from '../events/volume.ts';
import { fitsPrune, type PruneFilters } from '../options/prune.ts';
import type { PrunedVolumes } from '../options/volume.ts';
import { transactionAfterSweep } from '../state/departures.ts';
import type { Context } from '../store/context.ts';
import { trashOf } from '../store/trash.ts';
import { unmountUnneeded } from '../store/volume-mounts.ts';
import { deleteVolume } from '../store/volume-removal.ts';
import { allVolumes, findVolume, usedVolumes, usersOf, volumeDirectory } from '../store/volumes.ts';

/** Removes a volume with all that is in it. Throws `notFound`, and `conflict` while a container uses it, running or not. */
export async function removeVolume(context: Context, text: string): Promise<void> {
  const trash = trashOf(context);
  await unmountUnneeded(context, [findVolume(context.database, text).name]);
  const name = transactionAfterSweep(context, () => {
    const row = findVolume(context.database, text);
    return deleteVolume(context, trash, row.name) ? row.name : undefined;
  });
  if (name === undefined) throw inUse(context, findVolume(context.database, text).name);
  appendVolumeEvent(context, name, 'destroy');
  await trash.empty();
}

function inUse({ database }: Context, name: string): EngineError {
  const users = usersOf(database, name);
  const names = users.map((user) => user.name);
  return new EngineError(
    'conflict',
    `remove ${name}: volume is in use - [${users.map(({ id }) => id).join(', ')}]`,
    {
      subject: name,
      failure: 'volumeInUse',
      object: users.map(({ id }) => id).join(', '),
      remedy: `by ${names.join(', ')}: remove it first (skiff rm ${names.join(' ')})`,
    },
  );
}

/** Removes the volumes that no container uses, running or not, and that fit: those that nobody has named, or `all`. */
export async function pruneVolumes(
  context: Context,
  filters: PruneFilters,
  { all }: { all: boolean },
): Promise<PrunedVolumes> {
  const pruned: PrunedVolumes = { deleted: [], reclaimed: 0 };
  const trash = trashOf(context);
  const used = transactionAfterSweep(context, () => usedVolumes(context.database));
  for (const row of allVolumes(context.database)) {
    if (used.has(row.name) || !(all || row.anonymous) || !fitsPrune(row, filters)) continue;
    await unmountUnneeded(context, [row.name]);
    const [bytes = 0] = await treeSizes(context.helper, [volumeDirectory(context, row)]);
    if (!context.database.transaction(() => deleteVolume(context, trash, row.name))) continue;
    appendVolumeEvent(context, row.name, 'destroy');
    pruned.deleted.push(row.name);
    pruned.reclaimed += bytes;
  }
  const attributes = { reclaimed: String(pruned.reclaimed) };
  appendEvent(context, { type: 'volume', action: 'prune', id: '', attributes });
  await trash.empty();
  return pruned;
}
