import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IdMaps } from '../../runtime/options.ts';
import { compileRootPlan, type RootPlacement } from '../../runtime/plan/root.ts';
import { encodePlan } from '../../runtime/record.ts';
import { observe } from '../state/observe.ts';
import { isBeingStarted, isRestarting } from '../state/status.ts';
import { whileWriting } from '../state/while-writing.ts';
import { containerPaths } from '../store/container-paths.ts';
import { type ContainerRow, containerById, noSuchContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { rootfsOf } from '../store/root-file-system.ts';
import { inWorkspace } from '../store/workspace.ts';
import { stoppedMounts } from './stopped-mounts.ts';

/** A container's tree as verbs of the helper open it (native/VERBS.md, ROOT). */
export interface ContainerRoot {
  /** The argument ROOT. */
  root: string;
  /** Owners there are ids of the host, and these maps say whose they are in the container. Absent: they are the same. */
  owners: IdMaps | undefined;
}

export interface RootRequest {
  access: 'read' | 'write';
  /** Whether what is mounted in the container is seen, too. */
  mounts: boolean;
}

/**
 * Calls `body` with the tree that a container has now: what it sees while it runs, paused or not; else its root file
 * system, with binds and volumes if `mounts`, mounted by the helper for each verb. While that is written to nobody can start or remove the container, and
 * others who would write wait; readers do not. Throws `notFound` once it is removed, `conflict` while another command
 * starts it, or when it is to be written to and waits to be started again.
 */
export async function withContainerRoot<T>(
  context: Context,
  row: ContainerRow,
  request: RootRequest,
  body: (root: ContainerRoot) => Promise<T>,
): Promise<T> {
  for (;;) {
    const seen = containerById(context.database, row.id);
    const observed = seen && (await observe(context, seen));
    if (observed === undefined) throw noSuchContainer(context.database, row.name);
    const { status } = observed;
    if (status.state === 'running') {
      const { pid, startTime } = status.record.init;
      return await body({
        root: `${request.mounts ? 'pid' : 'bare'}:${pid}:${startTime}`,
        owners: row.idMaps,
      });
    }
    if (status.state === 'starting') throw isBeingStarted(row.name);
    if (request.access === 'read') return await withPlan(context, observed.row, request, body);
    if (status.state === 'restarting') throw isRestarting(row.name);
    const done = await whileWriting(context, observed.row, () =>
      withPlan(context, observed.row, request, body),
    );
    if (done !== undefined) return done.result;
  }
}

async function withPlan<T>(
  context: Context,
  row: ContainerRow,
  request: RootRequest,
  body: (root: ContainerRoot) => Promise<T>,
): Promise<T> {
  return await inWorkspace(context, async ({ tmp }) => {
    const file = join(tmp(), `${row.id}.plan`);
    const mounts = request.mounts ? await stoppedMounts(context, row, request.access) : [];
    const plan = compileRootPlan({ ...placementOf(context, row, request), mounts });
    writeFileSync(file, encodePlan(plan), { mode: 0o600 });
    try {
      return await body({ root: `plan:${file}`, owners: row.idMaps });
    } finally {
      rmSync(file, { force: true });
    }
  });
}

function placementOf(context: Context, row: ContainerRow, { access, mounts }: RootRequest): RootPlacement {
  const { id, idMaps, options } = row;
  const { directory, exit: exitRecord } = containerPaths(context.paths, id);
  return {
    id,
    directory,
    exitRecord,
    rootfs: rootfsOf(context, row),
    readOnly: options.files?.readOnly === true,
    idMaps,
    access,
    deep: mounts,
  };
}
