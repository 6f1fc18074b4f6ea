import type { StorePaths } from '../../host/paths.ts';
import type { RootfsOptions } from '../../runtime/options.ts';
import { containerPaths } from './container-paths.ts';
import type { ContainerRow } from './containers.ts';
import { layerDirectories } from './layer-directories.ts';

/** What decides of a container what its root file system is made of. */
export type RootSources = Pick<ContainerRow, 'layers' | 'idMaps'> & {
  id: string;
  options: Partial<Pick<ContainerRow['options'], 'rootfs' | 'files'>>;
};

/** The directories below what a container writes, topmost first; none where it writes into a directory of the host. */
function lowersOf(
  paths: StorePaths,
  { layers, idMaps, options: { rootfs } }: Omit<RootSources, 'id'>,
): string[] {
  if (rootfs === undefined) return layerDirectories(paths, layers, idMaps);
  return rootfs.overlay === true ? [rootfs.directory] : [];
}

/** Of what a container's root file system is mounted, whether it runs or not. */
export function rootfsOf(paths: StorePaths, sources: RootSources): RootfsOptions {
  const { upper, work, rootfs: mountPoint } = containerPaths(paths, sources.id);
  const { rootfs, files } = sources.options;
  return {
    ...(rootfs !== undefined && rootfs.overlay !== true ? { directory: rootfs.directory } : {}),
    lowers: lowersOf(paths, sources),
    upper,
    work,
    mountPoint,
    size: files?.storageSize,
    idMapped: sources.idMaps?.idMapped === true,
  };
}
