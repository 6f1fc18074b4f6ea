import { hasLabels, matcher } from '../options/filters.ts';
import type { VolumeFilters, VolumeInfo } from '../options/volume.ts';
import { sweepDeparted } from '../state/departures.ts';
import type { Context } from '../store/context.ts';
import { allVolumes, findVolume, usersOf, type VolumeRow, volumeDirectory } from '../store/volumes.ts';

/** The volumes that fit the filters, by name. */
export function listVolumes(context: Context, filters: VolumeFilters): VolumeInfo[] {
  sweepDeparted(context);
  return allVolumes(context.database)
    .map((row) => infoOf(context, row))
    .filter((info) => fits(info, filters));
}

/** One of them. Throws as `findVolume`. */
export function volumeInfo(context: Context, text: string): VolumeInfo {
  sweepDeparted(context);
  return infoOf(context, findVolume(context.database, text));
}

function infoOf(context: Context, row: VolumeRow): VolumeInfo {
  const { renamedFrom: _, ...definition } = row;
  return {
    ...definition,
    mountPoint: volumeDirectory(context, row),
    users: usersOf(context.database, row.name),
  };
}

function fits(info: VolumeInfo, { driver, name, label = [], dangling }: VolumeFilters): boolean {
  return (
    (driver === undefined || driver.includes(info.driver)) &&
    (name === undefined || matcher(name)(info.name)) &&
    hasLabels(info.labels, label) &&
    (dangling === undefined || dangling === (info.users.length === 0))
  );
}
