import { freeze, isFrozen, thaw } from '../../runtime/cgroup/freezer.ts';
import { appendContainerEvent } from '../events/journal.ts';
import { freezerOf } from '../state/cgroup.ts';
import { changeContainer } from '../state/lock.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';

/**
 * Calls `body` while everything in a container stands still, if it runs and does not stand still already; nobody else
 * stops, pauses or changes it meanwhile. Throws as `freeze`, and `unsupported` when the host has no freezer.
 */
export async function whilePaused<T>(
  context: Context,
  row: ContainerRow,
  body: () => Promise<T>,
): Promise<T> {
  const done = await changeContainer<{ result: T } | undefined>(context, row, {
    whenIdle: () => undefined,
    whenRunning: async ({ status }) => {
      const cgroup = status.state === 'running' ? freezerOf(row) : undefined;
      if (cgroup === undefined || isFrozen(cgroup)) return { result: await body() };
      await freeze(cgroup);
      appendContainerEvent(context, row, 'pause');
      try {
        return { result: await body() };
      } finally {
        thaw(cgroup);
        appendContainerEvent(context, row, 'unpause');
      }
    },
  });
  return done === undefined ? await body() : done.result;
}
