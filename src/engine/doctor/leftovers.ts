import { join } from 'node:path';
import { withLock } from '../../host/lock.ts';
import { type Looks, lockedInodes } from '../../host/probe.ts';
import { abandonedTemporary, sweepTemporary } from '../../host/temporary.ts';
import { removeContainer } from '../lifecycle/remove.ts';
import { abandonedSteps } from '../lifecycle/steps.ts';
import { cleanUp, observe } from '../state/observe.ts';
import { monitorLives, statusOf } from '../state/status.ts';
import { containerPaths } from '../store/container-paths.ts';
import { allContainers, type ContainerRow, containerIds } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { abandonedVolumes, allAbandonedSnapshots } from '../store/garbage.ts';
import { trashOf } from '../store/trash.ts';
import { abandonedCgroups } from './cgroup-leftovers.ts';
import type { Leftover } from './leftover.ts';

const ID = /^[0-9a-f]{64}$/;

/**
 * Everything in this store, its runtime root and the cgroups that has no living owner. Directories are listed before
 * the rows are read: a container that is made meanwhile has its row by then.
 */
export function findLeftovers(context: Context, looks: Looks): Leftover[] {
  const { paths } = context;
  const [runtime, directories] = [idsIn(looks, paths.run), idsIn(looks, paths.containers)];
  const cgroups = abandonedCgroups(looks);
  const rows = allContainers(context.database);
  const known = new Set(containerIds(context.database));
  const unknown = (id: string) => !known.has(id);
  return [
    ...rows.flatMap((row) => containerLeftover(context, row)),
    ...abandonedSteps(context).map((row) => stepLeftover(context, row)),
    ...runtime.filter(unknown).map((id) => runtimeLeftover(context, id)),
    ...directories.filter(unknown).map((id) => directoryLeftover(context, id)),
    ...volumeLeftovers(context),
    ...snapshotLeftovers(context),
    ...cgroups.filter(({ id }) => unknown(id)).map(({ leftover }) => leftover),
    ...temporaryLeftovers(context),
    ...trashLeftovers(context, looks),
    ...lockLeftovers(context, looks),
  ];
}

/** Cleans what may be cleaned, each on its own: one that fails is kept, with the reason. */
export async function clearLeftovers(leftovers: readonly Leftover[]) {
  const cleared = [];
  for (const { kind, name, detail, foreign, clean } of leftovers) {
    const reason =
      foreign ??
      (await clean().then(
        () => undefined,
        (error: Error) => error.message,
      ));
    cleared.push({
      kind,
      name,
      detail,
      left: reason === undefined ? ('cleaned' as const) : ('kept' as const),
      reason,
    });
  }
  return cleared;
}

function idsIn(looks: Looks, directory: string): string[] {
  return looks.names(directory).filter((name) => ID.test(name));
}

/** The row of a `--rm` container that is gone is none: the next command that writes drops it. */
function containerLeftover(context: Context, row: ContainerRow): Leftover[] {
  const clean = async () => void (await observe(context, row));
  const leftover = { kind: 'container', name: row.name, clean } as const;
  switch (statusOf(context, row).state) {
    case 'orphaned':
      return [{ ...leftover, detail: 'its monitor was killed' }];
    case 'lost':
      return [{ ...leftover, detail: 'it ran until a reboot or a crash, and left no record of its end' }];
    default:
      return [];
  }
}

function stepLeftover(context: Context, row: ContainerRow): Leftover {
  const detail = 'a step of a build whose builder has ended';
  const clean = async () => await removeContainer(context, row, { force: true });
  return { kind: 'container', name: row.name.slice(0, 12), detail, clean };
}

function runtimeLeftover(context: Context, id: string): Leftover {
  const { runDir: directory } = containerPaths(context.paths, id);
  return {
    kind: 'runtime directory',
    name: directory,
    detail: 'of a container that is in no record',
    foreign: monitorLives(context, id) ? STILL_RUNS : undefined,
    clean: async () => void (await cleanUp(context, { id, name: id })),
  };
}

const STILL_RUNS = 'its monitor lives: the store was replaced under a running container';

function directoryLeftover(context: Context, id: string): Leftover {
  const { directory } = containerPaths(context.paths, id);
  const detail = 'files of a container that is in no record';
  const foreign = monitorLives(context, id) ? STILL_RUNS : undefined;
  const clean = async () => {
    await cleanUp(context, { id, name: id });
    const trash = trashOf(context);
    trash.take(directory);
    await trash.empty();
  };
  return { kind: 'container directory', name: directory, detail, foreign, clean };
}

/** It is a volume's only from the transaction on that gives it its row. */
function volumeLeftovers(context: Context): Leftover[] {
  return abandonedVolumes(context).map((name) => ({
    kind: 'volume directory',
    name: join(context.paths.volumes, name),
    detail: 'files of a volume that is in no record',
    async clean() {
      context.database.transaction(() => {
        if (abandonedVolumes(context).includes(name))
          trashOf(context).take(join(context.paths.volumes, name));
      });
      await trashOf(context).empty();
    },
  }));
}

/** It is a snapshot only from the transaction on that gives it its row. */
function snapshotLeftovers(context: Context): Leftover[] {
  return allAbandonedSnapshots(context).map((name) => ({
    kind: 'snapshot directory',
    name,
    detail: 'files of a snapshot that is in no record',
    async clean() {
      context.database.transaction(() => {
        if (allAbandonedSnapshots(context).includes(name)) trashOf(context).take(name);
      });
      await trashOf(context).empty();
    },
  }));
}

function temporaryLeftovers(context: Context): Leftover[] {
  const { tmp, trash } = context.paths;
  return abandonedTemporary(tmp).map((name) => ({
    kind: 'temporary directory',
    name: join(tmp, name),
    detail: 'what made it has ended',
    async clean() {
      sweepTemporary(tmp, trash);
      await trashOf(context).emptyForAll();
    },
  }));
}

function trashLeftovers(context: Context, looks: Looks): Leftover[] {
  const { trash } = context.paths;
  const count = looks.names(trash).length;
  if (count === 0) return [];
  const detail = `${count} deleted ${count === 1 ? 'thing waits' : 'things wait'} to be taken apart`;
  return [{ kind: 'trash', name: trash, detail, clean: () => trashOf(context).emptyForAll() }];
}

/**
 * Finds lock files that nobody holds: the last holder of each would have removed it, had it not died. Taking the lock
 * and letting go removes it.
 */
function lockLeftovers(context: Context, looks: Looks): Leftover[] {
  const { locks } = context.paths;
  const locked = lockedInodes(looks);
  return looks
    .names(locks)
    .map((name) => join(locks, name))
    .filter((file) => !locked.has(looks.inode(file) ?? ''))
    .map((file) => ({
      kind: 'lock',
      name: file,
      detail: 'nobody holds it',
      clean: () =>
        withLock(context.helper, file, async () => {}, { signal: AbortSignal.timeout(LOCK_PATIENCE_MS) }),
    }));
}

const LOCK_PATIENCE_MS = 1000;
