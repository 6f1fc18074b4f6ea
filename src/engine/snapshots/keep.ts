import { EngineError } from '../../errors.ts';
import { isMissing } from '../../host/missing.ts';
import { nameByTime, type SnapshotKind } from '../options/snapshot.ts';
import { type ContainerRow, containerById, noSuchContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { discardAbandonedSnapshots, isSnapshot, keepNewest, placeSnapshot } from '../store/snapshots.ts';
import { trashOf } from '../store/trash.ts';

export interface KeptSnapshot {
  /** Absent: by the time. */
  name?: string | undefined;
  kind: SnapshotKind;
  /** So many of its kind stay, the newest; absent: all. */
  keep?: number | undefined;
  /** An undo is about to put the upper directory there that has this inode. */
  replaces?: string | undefined;
  /** Asked in the transaction that makes it; throws what speaks against it. */
  check?: (() => void) | undefined;
}

/**
 * Makes a snapshot of a directory that is complete, and on the disk; older ones of its kind go that are too many. Returns its
 * name. Throws `conflict` when the name is taken, `notFound` when the container was removed meanwhile.
 */
export function keepSnapshot(
  context: Context,
  container: Pick<ContainerRow, 'id' | 'name'>,
  draft: string,
  { name, kind, keep, replaces, check }: KeptSnapshot,
): string {
  const { database } = context;
  const { id } = container;
  const createdAt = Date.now();
  const trash = trashOf(context);
  const isTaken = (text: string) => isSnapshot(context, id, text);
  try {
    return database.durableTransaction(() => {
      if (containerById(database, id) === undefined) throw noSuchContainer(database, container.name);
      check?.();
      const chosen = name ?? nameByTime(kind, createdAt, isTaken);
      if (isTaken(chosen)) throw nameTaken(container.name, chosen);
      placeSnapshot(context, container, draft, { name: chosen, kind, createdAt, replaces }, trash);
      if (keep !== undefined && replaces === undefined) keepNewest(context, id, kind, keep);
      return chosen;
    });
  } catch (error) {
    throw isMissing(error) ? noSuchContainer(database, container.name) : error;
  } finally {
    discardAbandonedSnapshots(context, id, trash);
  }
}

export function nameTaken(container: string, name: string): EngineError {
  return new EngineError('conflict', `there is a snapshot ${container}@${name} already`, {
    subject: `${container}@${name}`,
    remedy: `choose another name, or remove it first (skiff snapshot rm ${container}@${name})`,
  });
}
