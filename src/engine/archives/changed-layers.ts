import type { ChangedLayers } from '../../storage/archive/changes.ts';
import { containerPaths } from '../store/container-paths.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { layerDirectories } from '../store/layer-directories.ts';

/** What is made in a container's root for the mounts that every container has, where its image has nothing there. */
const OWN = ['dev', 'etc', 'etc/hostname', 'etc/hosts', 'etc/localtime', 'etc/resolv.conf', 'proc', 'sys'];

/** What a container has changed, on what it stands on, as the kernel has it: owners are the host's where they are shifted. */
export function changedLayers({ paths }: Context, { id, layers, idMaps }: ContainerRow): ChangedLayers {
  return {
    upper: containerPaths(paths, id).upper,
    lowers: layerDirectories(paths, layers, idMaps),
    own: OWN,
  };
}
