import { join } from 'node:path';
import type { ImageConfig } from '../../oci/image-config.ts';
import type { ContainerOptions, RootfsOptions, SupervisionOptions } from '../../runtime/options.ts';
import { containerAttributes, eventMembers } from '../events/journal.ts';
import type { CreateOptions } from '../options/create.ts';
import { mergeProcess } from '../options/process.ts';
import { stopSettings } from '../options/stop.ts';
import type { Context } from '../store/context.ts';
import type { ImageRow } from '../store/images.ts';
import { layerDirectories } from '../store/layer-directories.ts';
import { prepareLogs } from './log.ts';
import type { PreparedNamespaces } from './namespaces.ts';

/** What a container's options are made of besides what the user asks for. */
export interface OptionSources {
  id: string;
  name: string;
  image: ImageRow;
  imageConfig: ImageConfig;
  namespaces: PreparedNamespaces;
}

/**
 * What the runtime is told about a container: what the user asks for over what the image says, and where its files will
 * lie. Throws `invalid` for a command or a stop signal that cannot be.
 */
export async function runtimeOptions(
  context: Context,
  options: CreateOptions,
  { id, name, image, imageConfig, namespaces }: OptionSources,
): Promise<ContainerOptions> {
  const { paths } = context;
  const directory = join(paths.containers, id);
  const { process, security, devices, files, labels = {} } = options;
  const merged = mergeProcess(imageConfig, process, options.image);
  const subject = { id, name, imageId: image.id, imageName: options.image, labels, ...merged };
  return {
    identity: {
      id,
      runDir: join(paths.run, id),
      containerDir: directory,
      autoRemove: options.autoRemove && { goneMark: join(paths.gone, id), trash: paths.trash },
    },
    process: {
      ...merged,
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
      log: await prepareLogs(context, options.log, subject),
    },
    stop: stopSettings(imageConfig, options.stop),
    supervision: {
      restart: restartOf(options.restart),
      runTimeoutMs: options.runTimeoutMs,
      health: await healthOf(imageConfig, options.health),
      events: {
        path: paths.events,
        attributes: eventMembers(containerAttributes({ ...options, labels, name })),
      },
    },
    annotations: options.annotations,
  };
}

/** Loaded for those who have a check: most have none. */
async function healthOf(
  image: ImageConfig,
  options: CreateOptions['health'],
): Promise<SupervisionOptions['health']> {
  if (options === undefined && image.config.Healthcheck === undefined) return undefined;
  const { healthSettings } = await import('../options/health.ts');
  return healthSettings(image, options);
}

function restartOf(policy: CreateOptions['restart']): SupervisionOptions['restart'] {
  if (policy === undefined || policy.name === 'no') return undefined;
  return { policy: policy.name, maximum: policy.maximum ?? 0 };
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
