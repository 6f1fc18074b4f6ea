import type { Listener } from '../../storage/archive/copy.ts';
import { changedLayers } from '../archives/changed-layers.ts';
import { whileStill } from '../archives/pause.ts';
import { appendContainerEvent } from '../events/journal.ts';
import { checkSnapshotName } from '../options/snapshot.ts';
import { observed } from '../state/observe.ts';
import { isBeingStarted, isRestarting } from '../state/status.ts';
import { whileWriting } from '../state/while-writing.ts';
import { type ContainerRow, currentRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { isSnapshot } from '../store/snapshots.ts';
import { inWorkspace, type Workspace } from '../store/workspace.ts';
import { copyUpper } from './copy.ts';
import { keepSnapshot, nameTaken } from './keep.ts';
import { settleUndoes } from './settle.ts';

export interface SnapshotOptions {
  /** Absent: by the time. */
  name?: string | undefined;
  /** Whether a container that runs is paused while its files are copied. */
  pause: boolean;
}

/**
 * Keeps the files of a container as they are now, whatever it is doing, and returns the name of the snapshot. What is mounted
 * in it is no part of it. Throws `invalid` and `conflict` for a name that cannot be or is taken, `conflict` while it is being
 * started or waits to be started again, and as `changedLayers` and `copyError`.
 */
export async function takeSnapshot(
  context: Context,
  row: ContainerRow,
  { name, pause }: SnapshotOptions,
  listener: Listener = {},
): Promise<string> {
  const { upper } = changedLayers(context, row);
  settleUndoes(context);
  if (name !== undefined) {
    checkSnapshotName(name);
    if (isSnapshot(context, row.id, name)) throw nameTaken(row.name, name);
  }
  const taken = await inWorkspace(context, async (workspace) => {
    const draft = await copyNow(context, row, { upper, workspace, pause }, listener);
    return keepSnapshot(context, row, draft, { name, kind: 'asked' });
  });
  appendContainerEvent(context, row, 'snapshot', { snapshot: taken });
  return taken;
}

async function copyNow(
  context: Context,
  row: ContainerRow,
  { upper, workspace, pause }: { upper: string; workspace: Workspace; pause: boolean },
  listener: Listener,
): Promise<string> {
  const copy = () => copyUpper(context, workspace, upper, listener);
  for (;;) {
    const { status } = await observed(context, currentRow(context.database, row));
    if (status.state === 'starting') throw isBeingStarted(row.name);
    if (status.state === 'restarting') throw isRestarting(row.name);
    if (status.state === 'running' && !pause) return await copy();
    const still = status.state === 'running' ? whileStill : whileWriting;
    const done = await still(context, row, copy);
    if (done !== undefined) return done.result;
  }
}
