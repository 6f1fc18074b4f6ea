import type { RootfsOptions } from '../../runtime/options.ts';
import { containerPaths } from './container-paths.ts';
import type { ContainerRow } from './containers.ts';
import type { Context } from './context.ts';
import { layerDirectories, storageDriver } from './layer-directories.ts';

/** What decides of a container what its root file system is made of. */
export type RootSources = Pick<ContainerRow, 'layers' | 'idMaps'> & {
  id: string;
  options: Partial<Pick<ContainerRow['options'], 'rootfs' | 'files'>>;
};

/**
 * The directories below what a container writes, topmost first; none where it writes into a directory of the host, or into a
 * copy.
 */
function belowOf(
  context: Pick<Context, 'paths' | 'askedStorage'>,
  { layers, idMaps, options: { rootfs } }: Omit<RootSources, 'id'>,
): Pick<RootfsOptions, 'directory' | 'lowers' | 'copyOf'> {
  if (rootfs !== undefined)
    return rootfs.overlay === true
      ? { lowers: [rootfs.directory] }
      : { directory: rootfs.directory, lowers: [] };
  const driver = storageDriver(context);
  const lowers = layerDirectories(context, layers, idMaps, driver);
  return driver === 'copy' ? { lowers: [], copyOf: lowers[0] } : { lowers };
}

/** Of what a container's root file system is mounted, whether it runs or not. Throws as `storageDriver`. */
export function rootfsOf(
  context: Pick<Context, 'paths' | 'askedStorage'>,
  sources: RootSources,
): RootfsOptions {
  const { upper, work, rootfs: mountPoint } = containerPaths(context.paths, sources.id);
  const { files } = sources.options;
  return {
    ...belowOf(context, sources),
    upper,
    work,
    mountPoint,
    size: files?.storageSize,
    idMapped: sources.idMaps?.idMapped === true,
  };
}
