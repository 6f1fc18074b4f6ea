import type { VolumeInfo } from '../options/volume.ts';
import { mapOf } from './go-json.ts';

/** A volume as `docker volume inspect` shows it (Docker Engine API, Volume): JSON, Docker's names. */
export function volumeObject({ name, createdAt, labels, mountPoint, options }: VolumeInfo): object {
  return {
    CreatedAt: new Date(createdAt).toISOString().replace(/\.\d+Z$/, 'Z'),
    Driver: 'local',
    Labels: mapOf(labels),
    Mountpoint: mountPoint,
    Name: name,
    Options: mapOf(options),
    Scope: 'local',
  };
}
