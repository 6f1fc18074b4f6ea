import { EngineError } from '../../errors.ts';
import { freeze, isFrozen, thaw } from '../../runtime/cgroup/freezer.ts';
import { type CgroupLayout, readCgroupLayout } from '../../runtime/cgroup/layout.ts';
import { appendContainerEvent } from '../events/journal.ts';
import { cgroupOf, freezerOf } from '../state/cgroup.ts';
import type { Observed } from '../state/observe.ts';
import { isNotRunning } from '../state/status.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';

/**
 * Freezes every process of a container. Throws `conflict` when it does not run or is paused already, `unsupported` when
 * the host has no freezer, `unavailable` when something cannot be frozen.
 */
export async function pauseContainer(context: Context, row: ContainerRow): Promise<void> {
  await whenRunning(context, row, async () => {
    const cgroup = freezerOf(row);
    if (isFrozen(cgroup))
      throw new EngineError('conflict', `container ${row.name} is already paused`, {
        subject: row.name,
        failure: 'alreadyPaused',
        object: row.id,
      });
    await freeze(cgroup);
  });
  appendContainerEvent(context, row, 'pause');
}

/** Lets a paused container go on. Throws `conflict` when it is not paused. */
export async function unpauseContainer(context: Context, row: ContainerRow): Promise<void> {
  await whenRunning(context, row, async () => {
    const cgroup = freezerOf(row);
    if (!isFrozen(cgroup))
      throw new EngineError('conflict', `container ${row.name} is not paused`, {
        subject: row.name,
        failure: 'notPaused',
        object: row.id,
      });
    thaw(cgroup);
  });
  appendContainerEvent(context, row, 'unpause');
}

/** Lets a container go on, if it is paused, so that it can obey a signal that waits for it. */
export function thawForSignal(row: ContainerRow): void {
  const cgroup = cgroupOf(row, 'freezer');
  if (cgroup !== undefined && isFrozen(cgroup)) thaw(cgroup);
}

/**
 * Says of each container that runs whether it is paused: what the kernel knows, and no record does. For commands that
 * show it: one small file each, and a look at the layout of cgroups for all.
 */
export function withPaused(observed: readonly Observed[]): Observed[] {
  let layout: CgroupLayout | undefined;
  return observed.map(({ row, status }) => {
    if (status.state !== 'running') return { row, status };
    layout ??= readCgroupLayout();
    const cgroup = cgroupOf(row, 'freezer', layout);
    return { row, status: { ...status, paused: cgroup !== undefined && isFrozen(cgroup) } };
  });
}

/** `body` runs under the lock of what runs, and does not wait to be started again. */
async function whenRunning(context: Context, row: ContainerRow, body: () => Promise<void>): Promise<void> {
  const refuse = (): never => {
    throw isNotRunning(row);
  };
  const { changeContainer } = await import('../state/lock.ts');
  await changeContainer(context, row, {
    whenIdle: refuse,
    whenRunning: ({ status }) => (status.state === 'running' ? body() : refuse()),
  });
}
