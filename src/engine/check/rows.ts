import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { statusOf } from '../state/status.ts';
import { containerPaths } from '../store/container-paths.ts';
import { allContainers, type ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { deleteSnapshot, snapshotsOf } from '../store/snapshots.ts';
import { allVolumes } from '../store/volumes.ts';
import type { Fault } from './fault.ts';
import { stateOfLayer } from './layers.ts';

/** What rows of containers, volumes and snapshots name and is not there. Call it in a transaction. */
export function rowFaults(context: Context): Fault[] {
  return [
    ...allContainers(context.database).flatMap((row) => containerFaults(context, row)),
    ...volumeFaults(context),
    ...snapshotFaults(context),
  ];
}

/** Never mended: what is left of it is the user's. */
function containerFaults(context: Context, row: ContainerRow): Fault[] {
  const { state } = statusOf(context, row);
  const fault = { topic: 'container', name: row.name, state: 'wrong' } as const;
  // The row comes before the directory, and goes after it.
  if (state === 'gone' || state === 'starting') return [];
  const { directory } = containerPaths(context.paths, row.id);
  const faults: Fault[] = row.layers.flatMap((chainID) => {
    const found = stateOfLayer(context, chainID);
    if (found === 'there') return [];
    const detail = `the layer ${chainID} that it stands on is ${found}`;
    const remedy = `skiff pull ${row.imageName} brings it back if it is that image's still`;
    return [{ ...fault, detail, remedy }];
  });
  if (existsSync(directory)) return faults;
  return [...faults, { ...fault, detail: 'its directory is missing', remedy: `skiff rm ${row.name}` }];
}

function volumeFaults({ database, paths }: Context): Fault[] {
  return allVolumes(database)
    .filter(({ name, renamedFrom }) =>
      [name, renamedFrom ?? name].every((each) => !existsSync(join(paths.volumes, each))),
    )
    .map(({ name }) => ({
      topic: 'volume',
      name,
      state: 'wrong',
      detail: 'its directory is missing',
      remedy: `the next container that uses it gets an empty one; or skiff volume rm ${name}`,
    }));
}

/** There is nothing to be lost any more. */
function snapshotFaults(context: Context): Fault[] {
  return snapshotsOf(context)
    .filter(({ containerId, name }) => !existsSync(snapshotDirectory(context, containerId, name)))
    .map(({ containerId, name }) => ({
      topic: 'snapshot',
      name: `${containerId.slice(0, 12)}@${name}`,
      state: 'wrong',
      detail: 'its directory is missing',
      mend: async () => {
        context.database.transaction(() => {
          if (!existsSync(snapshotDirectory(context, containerId, name)))
            deleteSnapshot(context, containerId, name);
        });
      },
    }));
}

function snapshotDirectory({ paths }: Context, containerId: string, name: string): string {
  return join(containerPaths(paths, containerId).snapshots, name);
}
