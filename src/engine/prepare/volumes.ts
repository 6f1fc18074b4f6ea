import type { RuntimeBind } from '../../runtime/options.ts';
import type { MountOptions, VolumeMount } from '../options/mounts.ts';
import type { OwnerMaps } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { type ResolvedVolume, resolveVolume } from '../volumes/resolve.ts';

/** A volume of a container to be: which one that is, and what the runtime is told. */
export interface PreparedVolume {
  volume: ResolvedVolume;
  runtime: RuntimeBind;
}

/**
 * Decides about the volumes among a container's mounts. Owners on disk are those in the container where the kernel can
 * show the store's files through its id maps. Throws as `resolveVolume`.
 */
export function prepareVolumes(
  context: Context,
  mounts: readonly MountOptions[],
  idMaps: OwnerMaps | undefined,
): PreparedVolume[] {
  return mounts.flatMap((mount) => (mount.type === 'volume' ? [prepareVolume(context, mount, idMaps)] : []));
}

function prepareVolume(
  context: Context,
  mount: VolumeMount,
  idMaps: OwnerMaps | undefined,
): PreparedVolume {
  const volume = resolveVolume(context, mount);
  const { source, isOwnDirectory, recursive, flags } = volume;
  return {
    volume,
    runtime: {
      type: 'bind',
      source,
      beneath: mount.subpath === '' ? undefined : mount.subpath,
      destination: mount.target,
      readOnly: mount.readOnly === true || flags.includes('ro') ? 'deep' : 'no',
      recursive,
      propagation: 'rprivate',
      flags: flags.filter((flag) => flag !== 'ro'),
      idMap: isOwnDirectory && idMaps?.idMapped === true,
      relabel: mount.relabel,
      chown: mount.chown,
    },
  };
}
