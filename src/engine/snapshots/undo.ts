import { statSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { callHelper } from '../../host/run-program.ts';
import type { Listener } from '../../storage/archive/copy.ts';
import { copyError } from '../../storage/archive/failure.ts';
import { changedLayers } from '../archives/changed-layers.ts';
import { appendContainerEvent } from '../events/journal.ts';
import { UNDOES_KEPT } from '../options/snapshot.ts';
import { observed } from '../state/observe.ts';
import { isBeingStarted, isUp } from '../state/status.ts';
import { whileWriting } from '../state/while-writing.ts';
import { containerPaths } from '../store/container-paths.ts';
import { type ContainerRow, currentRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import {
  completeHalfMade,
  discardAbandonedSnapshots,
  findSnapshot,
  isStillThere,
  keepNewest,
  noSuchSnapshot,
} from '../store/snapshots.ts';
import { trashOf } from '../store/trash.ts';
import { inWorkspace } from '../store/workspace.ts';
import { copyUpper } from './copy.ts';
import { keepSnapshot } from './keep.ts';
import { settleOwn, settleUndoes } from './settle.ts';

/** What an undo has done, by names of snapshots. */
export interface Undone {
  /** The files are those of this one again. */
  snapshot: string;
  /** What they were before. */
  before: string;
}

/**
 * Gives a container that does not run the files of a snapshot again, its newest unless it is named. What it has now becomes a
 * snapshot, so that this can be undone. Throws `conflict` while it runs or somebody starts it, `notFound` for a snapshot
 * that there is not, `unsupported` where the size of its files is limited, and as `changedLayers` and `copyError`.
 */
export async function undoContainer(
  context: Context,
  row: ContainerRow,
  name: string | undefined,
  listener: Listener = {},
): Promise<Undone> {
  const { upper } = changedLayers(context, row);
  if (row.options.files?.storageSize !== undefined) throw isLimited(row);
  settleUndoes(context);
  for (;;) {
    const { status } = await observed(context, currentRow(context.database, row));
    if (status.state === 'starting') throw isBeingStarted(row.name);
    if (isUp(status)) throw stillRuns(row);
    const done = await whileWriting(context, row, () => undoStopped(context, row, { upper, name }, listener));
    if (done === undefined) continue;
    const { snapshot, before } = done.result;
    appendContainerEvent(context, row, 'undo', { snapshot, before });
    return done.result;
  }
}

async function undoStopped(
  context: Context,
  row: ContainerRow,
  { upper, name }: { upper: string; name: string | undefined },
  listener: Listener,
): Promise<Undone> {
  settleOwn(context, row.id);
  const snapshot = findSnapshot(context, row, name);
  const { snapshots } = containerPaths(context.paths, row.id);
  const replaces = statSync(upper, { bigint: true, throwIfNoEntry: false })?.ino.toString();
  if (replaces === undefined) throw hasNoFiles(row);
  return await inWorkspace(context, async (workspace) => {
    const draft = await copyUpper(context, workspace, `${snapshots}/${snapshot.name}`, listener);
    // The files of one that was removed meanwhile were being deleted.
    const check = (): void => {
      if (!isStillThere(context, snapshot)) throw noSuchSnapshot(row, snapshot.name);
    };
    // For a moment the new snapshot has the files that are to be the container's, and its row says so.
    const before = keepSnapshot(context, row, draft, { kind: 'undo', replaces, check });
    await exchange(context, row, [`${snapshots}/${before}`, upper]);
    context.database.durableTransaction(() => {
      completeHalfMade(context, row.id);
      keepNewest(context, row.id, 'undo', UNDOES_KEPT);
    });
    discardAbandonedSnapshots(context, row.id, trashOf(context));
    return { snapshot: snapshot.name, before };
  });
}

async function exchange(
  context: Context,
  row: ContainerRow,
  [one, other]: readonly [string, string],
): Promise<void> {
  const { failure } = await callHelper(context.helper, ['exchange', one, other]);
  if (failure === undefined) return;
  settleOwn(context, row.id);
  throw copyError(failure);
}

/** The limit is that of the directory which would be exchanged. */
function isLimited({ name }: ContainerRow): EngineError {
  return new EngineError('unsupported', `the size of the files of container ${name} is limited`, {
    subject: name,
    remedy: 'make another one without --storage-opt, and copy the files into it with skiff cp',
  });
}

/** The command that made it was killed. */
function hasNoFiles({ name }: ContainerRow): EngineError {
  return new EngineError('conflict', `container ${name} has no files yet`, {
    subject: name,
    remedy: `its first start makes them: skiff start ${name}`,
  });
}

function stillRuns({ name }: ContainerRow): EngineError {
  return new EngineError('conflict', `container ${name} is running`, {
    subject: name,
    remedy: `stop it first: skiff stop ${name}`,
  });
}
