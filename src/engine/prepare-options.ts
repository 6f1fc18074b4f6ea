import { join } from 'node:path';
import type { ImageConfig } from '../oci/image-config.ts';
import type { ContainerOptions, RootfsOptions } from '../runtime/options.ts';
import type { Context } from './context.ts';
import type { CreateOptions } from './create-options.ts';
import type { ImageRow } from './image-store.ts';
import { layerDirectories } from './layer-directories.ts';
import type { PreparedNamespaces } from './prepare-namespaces.ts';
import { mergeProcess } from './process-config.ts';
import { stopSettings } from './stop-settings.ts';

/** Logs rotate by default: three files of 10 MB. */
const LOG_MAX_BYTES = 10_000_000;
const LOG_MAX_FILES = 3;

/** What a container's options are made of besides the user's wishes. */
export interface OptionSources {
  id: string;
  image: ImageRow;
  imageConfig: ImageConfig;
  namespaces: PreparedNamespaces;
}

/**
 * What the runtime is told about a container: the user's wishes over those of the image, and where its files will
 * lie. Throws `invalid` for a command or a stop signal that cannot be.
 */
export function runtimeOptions(
  context: Context,
  options: CreateOptions,
  { id, image, imageConfig, namespaces }: OptionSources,
): ContainerOptions {
  const { paths } = context;
  const directory = join(paths.containers, id);
  const { process, security, devices, files } = options;
  return {
    identity: {
      id,
      runDir: join(paths.run, id),
      containerDir: directory,
      autoRemove: options.autoRemove && { goneMark: join(paths.gone, id), trash: paths.trash },
    },
    process: {
      ...mergeProcess(imageConfig, process, options.image),
      groups: process.groups ?? [],
      umask: process.umask,
      reaper: process.init === true,
      oomScoreAdj: process.oomScoreAdj,
      rlimits: process.rlimits ?? [],
    },
    rootfs: rootfsOf(context, { directory, image, namespaces, readOnly: files.readOnly }),
    files: {
      ...namespaces.files,
      localtime: process.timeZone === undefined ? undefined : join(directory, 'localtime'),
      tmpfs: files.tmpfs ?? [],
      shmSize: files.shmSize,
    },
    namespaces: namespaces.choices,
    security: {
      privileged: security.privileged === true,
      capAdd: security.capAdd ?? [],
      capDrop: security.capDrop ?? [],
      noNewPrivileges: security.noNewPrivileges === true,
      apparmor: security.apparmor,
      label: security.label ?? [],
      unmaskedPaths: security.unmaskedPaths === true,
      writableCgroups: security.writableCgroups === true,
      sysctls: security.sysctls ?? {},
    },
    devices: { devices: devices.devices ?? [], cgroupRules: devices.cgroupRules ?? [] },
    resources: options.resources,
    stdio: {
      stdin: process.stdin,
      terminal: process.terminal === true,
      log: {
        driver: 'json-file',
        path: join(directory, 'log'),
        maxBytes: LOG_MAX_BYTES,
        maxFiles: LOG_MAX_FILES,
        attributes: {},
      },
    },
    stop: stopSettings(imageConfig, options.stop),
  };
}

function rootfsOf(
  { paths }: Context,
  {
    directory,
    image,
    namespaces,
    readOnly,
  }: { directory: string; image: ImageRow; namespaces: PreparedNamespaces; readOnly: boolean },
): RootfsOptions {
  return {
    lowers: layerDirectories(paths, image.layers, namespaces.idMaps),
    upper: join(directory, 'upper'),
    work: join(directory, 'work'),
    mountPoint: join(directory, 'rootfs'),
    readOnly,
    idMapped: namespaces.idMaps?.idMapped === true,
  };
}
