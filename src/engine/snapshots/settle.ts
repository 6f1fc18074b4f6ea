import { isWritten } from '../state/writers.ts';
import type { ContainerId } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { discardAbandonedSnapshots, settleHalfMade, withHalfMade } from '../store/snapshots.ts';
import { trashOf } from '../store/trash.ts';

/** Puts right what undoes have left that were killed, whichever container they were about. */
export function settleUndoes(context: Context): void {
  for (const id of withHalfMade(context)) {
    // One may be at work still.
    settleUnless(context, id, () => isWritten(context, { id }));
  }
}

/** The same for one container whose files this process has for itself. */
export function settleOwn(context: Context, id: ContainerId): void {
  settleUnless(context, id, () => false);
}

function settleUnless(context: Context, id: ContainerId, isAtWork: () => boolean): void {
  context.database.durableTransaction(() => {
    if (!isAtWork()) settleHalfMade(context, id);
  });
  discardAbandonedSnapshots(context, id, trashOf(context));
}
