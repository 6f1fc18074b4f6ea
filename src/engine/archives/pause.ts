import { freeze, isFrozen, thaw } from '../../runtime/cgroup/freezer.ts';
import { appendContainerEvent } from '../events/journal.ts';
import { freezerOf } from '../state/cgroup.ts';
import { changeContainer } from '../state/lock.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';

/** As `whileStill`, and also when it does not run: then somebody may start it meanwhile. */
export async function whilePaused<T>(
  context: Context,
  row: ContainerRow,
  body: () => Promise<T>,
): Promise<T> {
  const done = await whileStill(context, row, body);
  return done === undefined ? await body() : done.result;
}

/**
 * Calls `body` while everything in a container that runs stands still, as it may do already; nobody else stops, pauses or
 * changes it meanwhile. Undefined: it does not run, or waits to be started again. Throws as `freeze`, and `unsupported` when the host has no freezer.
 */
export async function whileStill<T>(
  context: Context,
  row: ContainerRow,
  body: () => Promise<T>,
): Promise<{ result: T } | undefined> {
  return await changeContainer<{ result: T } | undefined>(context, row, {
    whenIdle: () => undefined,
    whenRunning: async ({ status }) => {
      if (status.state !== 'running') return undefined;
      const cgroup = freezerOf(row);
      if (isFrozen(cgroup)) return { result: await body() };
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
}
