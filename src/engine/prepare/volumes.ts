import type { HostMount, RuntimeBind } from '../../runtime/options.ts';
import type { MountOptions, VolumeMount } from '../options/mounts.ts';
import type { OwnerMaps } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { type ResolvedVolume, resolveVolume } from '../volumes/resolve.ts';

/** A volume of a container to be: which one that is, and what the runtime is told. */
export interface PreparedVolume {
  volume: ResolvedVolume;
  runtime: RuntimeBind;
  /** What is mounted on the host for it. */
  hostMount: HostMount | undefined;
}

/**
 * Decides about the volumes among a container's mounts. Owners on disk are those in the container where the kernel can
 * show the store's files through its id maps. Throws as `resolveVolume`, and `notFound`
 * for a server that has no address.
 */
export async function prepareVolumes(
  context: Context,
  mounts: readonly MountOptions[],
  idMaps: OwnerMaps | undefined,
): Promise<PreparedVolume[]> {
  const prepared: PreparedVolume[] = [];
  for (const mount of mounts)
    if (mount.type === 'volume') prepared.push(await prepareVolume(context, mount, idMaps));
  return prepared;
}

async function prepareVolume(
  context: Context,
  mount: VolumeMount,
  idMaps: OwnerMaps | undefined,
): Promise<PreparedVolume> {
  const volume = await resolveVolume(context, mount);
  const { source, isOwnDirectory, recursive, flags } = volume;
  return {
    volume,
    hostMount: volume.hostMount && (await addressed(volume.hostMount)),
    runtime: {
      type: 'bind',
      source,
      beneath: mount.subpath === '' ? undefined : mount.subpath,
      destination: mount.target,
      readOnly: mount.readOnly === true || flags.includes('ro') ? 'deep' : 'no',
      recursive,
      propagation: 'rprivate',
      flags: flags.filter((flag) => flag !== 'ro'),
      idMap: isOwnDirectory ? idMaps?.idMapped === true : mapsOwners(context, volume, idMaps),
      relabel: mount.relabel,
      chown: mount.chown,
    },
  };
}

/** Most volumes are directories. */
async function addressed(mount: HostMount): Promise<HostMount> {
  const { withAddress } = await import('../volumes/server-address.ts');
  return await withAddress(mount);
}

/**
 * What is mounted for a volume belongs to the ids of its containers, whatever the maps of each, where its file system can be
 * shown so (tmpfs can since Linux 6.3, NFS cannot). A directory of the host is shown as it is.
 */
function mapsOwners(
  { copiesOwners }: Context,
  { hostMount }: ResolvedVolume,
  idMaps: OwnerMaps | undefined,
): RuntimeBind['idMap'] {
  return hostMount !== undefined && idMaps !== undefined && !copiesOwners ? 'if-possible' : false;
}
