import type { CreateVolumeOptions } from '../../engine/options/volume.ts';
import type { JsonObject } from '../http/json.ts';

/** Reads Docker's VolumeCreateOptions. Without a name it gets one. Throws `invalid`. */
export function volumeOptions(request: JsonObject): CreateVolumeOptions {
  if (request.object('ClusterVolumeSpec') !== undefined)
    throw request.refusal('ClusterVolumeSpec', 'there is no swarm: a volume belongs to this host');
  return {
    name: request.text('Name'),
    driver: request.text('Driver'),
    options: request.map('DriverOpts'),
    labels: request.map('Labels'),
  };
}
