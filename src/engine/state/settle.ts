import { existsSync } from 'node:fs';
import { requestWait } from '../../runtime/monitor/client.ts';
import { containerPaths, runtimeIds } from '../store/container-paths.ts';
import { containerIds } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { cleanUp, type Observed, observeAnew } from './observe.ts';
import { isUp, monitorLives } from './status.ts';

/**
 * Waits for the teardown of a run that has ended, and returns what the container is doing, as `observe`: it runs, is
 * being started, or has nothing left of a run. Until then it holds cgroups, links and ports that its row is to account
 * for.
 */
export async function settleContainer(context: Context, id: string): Promise<Observed | undefined> {
  const { runDir, control } = containerPaths(context.paths, id);
  for (;;) {
    const observed = await observeAnew(context, id);
    if (observed === undefined || observed.status.state === 'starting' || isUp(observed.status))
      return observed;
    if (!existsSync(runDir)) return observed;
    await requestWait(control);
  }
}

/**
 * Performs the teardown of what is left of runs whose containers are in no record, as far as nobody alive is at it. The
 * directories are listed before the rows are read: one that is made meanwhile has its row before its directory.
 */
export async function sweepRuns(context: Context): Promise<void> {
  const ids = runtimeIds(context.paths);
  const known = new Set(containerIds(context.database));
  for (const id of ids) {
    if (!known.has(id) && !monitorLives(context, id)) await cleanUp(context, { id, name: id });
  }
}
