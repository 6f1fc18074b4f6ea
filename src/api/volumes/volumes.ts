import { volumeObject } from '../../engine/inspect/volume.ts';
import { EngineError } from '../../errors.ts';
import { collectVolumePruneFilter } from '../../grammar/prune-filters.ts';
import { volumeFilters } from '../../grammar/volume-filters.ts';
import { volumeOptions } from '../bodies/volume.ts';
import type { Call } from '../http/call.ts';
import { JsonObject } from '../http/json.ts';
import { pruneFilters } from '../http/prune-filters.ts';

/** The version of the API (1.42) since which a prune leaves the volumes that somebody has named. */
const ANONYMOUS_SINCE = 42;

export async function listVolumes({ engine, query, reply }: Call): Promise<void> {
  const volumes = await engine.volumes.list(volumeFilters(query.filters()));
  reply.json({ Volumes: volumes.map(volumeObject), Warnings: null });
}

export async function inspectVolume({ engine, path, reply }: Call): Promise<void> {
  reply.json(volumeObject(await engine.volumes.get(path.name ?? '')));
}

/** VolumeCreate: one that is there and is asked for alike is answered with as it is. */
export async function createVolume({ engine, body, reply }: Call): Promise<void> {
  const request = new JsonObject((await body()) ?? {});
  const name = await engine.volumes.create(volumeOptions(request));
  reply.json(volumeObject(await engine.volumes.get(name)), { status: 201 });
}

export async function updateVolume({ engine, path }: Call): Promise<void> {
  const { name } = await engine.volumes.get(path.name ?? '');
  throw new EngineError('unavailable', `volume ${name} cannot be changed: there is no swarm`, {
    subject: name,
  });
}

export async function removeVolume({ engine, path, query, reply }: Call): Promise<void> {
  try {
    await engine.volumes.remove(path.name ?? '');
  } catch (error) {
    const isForgiven = query.flag('force') && error instanceof EngineError && error.kind === 'notFound';
    if (!isForgiven) throw error;
  }
  reply.empty();
}

/** Before 1.42 all that nobody uses went. */
export async function pruneVolumes({ engine, query, reply, version }: Call): Promise<void> {
  const { all = version < ANONYMOUS_SINCE, ...filters } = pruneFilters(
    query.filters(),
    collectVolumePruneFilter,
    ['all'],
  );
  const { deleted, reclaimed } = await engine.volumes.prune(filters, { all });
  reply.json({ VolumesDeleted: deleted, SpaceReclaimed: reclaimed });
}
