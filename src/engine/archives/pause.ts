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
 * Calls `body` while everything in a container that runs stands still, as it may do already; nobody else pauses or changes it
 * meanwhile, and its monitor lets it go on should this process be killed. Who stops or kills it does not wait: then `body` is
 * called again, as something may have gone on. Undefined: it does not run, or waits to be started again. Throws as `freeze`,
 * and `unsupported` when the host has no freezer.
 */
export async function whileStill<T>(
  context: Context,
  row: ContainerRow,
  body: () => Promise<T>,
): Promise<{ result: T } | undefined> {
  for (;;) {
    const done = await whileFrozen(context, row, body);
    if (done === undefined || done.still) return done;
  }
}

/** `still`: nothing has gone on meanwhile. */
async function whileFrozen<T>(
  context: Context,
  row: ContainerRow,
  body: () => Promise<T>,
): Promise<{ result: T; still: boolean } | undefined> {
  return await changeContainer<{ result: T; still: boolean } | undefined>(context, row, {
    thaws: true,
    whenIdle: () => undefined,
    whenRunning: async ({ status }) => {
      if (status.state !== 'running') return undefined;
      const cgroup = freezerOf(row);
      const call = async () => ({ result: await body(), still: isFrozen(cgroup) });
      if (isFrozen(cgroup)) return await call();
      await freeze(cgroup);
      appendContainerEvent(context, row, 'pause');
      try {
        return await call();
      } finally {
        thaw(cgroup);
        appendContainerEvent(context, row, 'unpause');
      }
    },
  });
}
