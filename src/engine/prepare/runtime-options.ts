import type { ImageConfig } from '../../oci/image-config.ts';
import type {
  ContainerOptions,
  HostMount,
  RuntimeMount,
  SupervisionOptions,
  VolumeEvents,
} from '../../runtime/options.ts';
import { containerAttributes, eventMembers } from '../events/journal.ts';
import type { CreateOptions } from '../options/create.ts';
import type { MountOptions } from '../options/mounts.ts';
import { mergeProcess } from '../options/process.ts';
import { stopSettings } from '../options/stop.ts';
import { containerPaths } from '../store/container-paths.ts';
import type { Context } from '../store/context.ts';
import type { ImageRow } from '../store/images.ts';
import { rootfsOf } from '../store/root-file-system.ts';
import { prepareLogs } from './log.ts';
import type { PreparedNamespaces } from './namespaces.ts';

/** The sources of a container's options besides what the user asks for. */
export interface OptionSources {
  id: string;
  name: string;
  image: ImageRow;
  imageConfig: ImageConfig;
  namespaces: PreparedNamespaces;
  mounts: readonly RuntimeMount[] | undefined;
  hostMounts: readonly HostMount[] | undefined;
}

/**
 * Returns the options for the runtime: what the user asks for over what the image says, and where the container's files
 * will lie. Throws `invalid` for a command or a stop signal that cannot be.
 */
export async function runtimeOptions(
  context: Context,
  options: CreateOptions,
  { id, name, image, imageConfig, namespaces, mounts, hostMounts }: OptionSources,
): Promise<ContainerOptions> {
  const { paths } = context;
  const own = containerPaths(paths, id);
  const { labels = {} } = options;
  const merged = mergeProcess(imageConfig, options.process, options);
  const subject = { id, name, imageId: image.id, imageName: options.image, labels, ...merged };
  return {
    identity: {
      id,
      runDir: own.runDir,
      containerDir: own.directory,
      exitRecord: own.exit,
      autoRemove: options.autoRemove && {
        goneMark: own.gone,
        trash: paths.trash,
        sweep: hasAnonymous(options) ? context.ownCommand('sweep-departed') : undefined,
      },
    },
    process: { ...options.process, ...merged },
    rootfs: rootfsOf(context, { id, layers: image.layers, idMaps: namespaces.idMaps, options }),
    files: options.files,
    mounts,
    hostMounts,
    etc: { ...namespaces.files, localtime: own.localtime },
    namespaces: namespaces.choices,
    security: options.security,
    devices: options.devices,
    resources: options.resources,
    log: await prepareLogs(context, options.log, subject),
    stop: stopSettings(imageConfig, options.stop),
    supervision: {
      restart: options.restart,
      runTimeoutMs: options.runTimeoutMs,
      health: await healthOf(imageConfig, options),
      events:
        options.step === undefined
          ? {
              path: paths.events,
              attributes: eventMembers(containerAttributes({ ...options, labels, name })),
              volumes: options.mounts?.flatMap((mount) => volumeEvents(mount, id)),
            }
          : undefined,
    },
    annotations: options.annotations,
  };
}

/** Docker's attributes of `mount` and `unmount`. */
function volumeEvents(mount: MountOptions, id: string): VolumeEvents[] {
  if (mount.type !== 'volume' || mount.name === undefined) return [];
  const always = { container: id, driver: 'local' };
  const { name, target, readOnly } = mount;
  const mounted = {
    ...always,
    destination: target,
    propagation: '',
    'read/write': String(readOnly !== true),
  };
  return [{ name, mounted: eventMembers(mounted), unmounted: eventMembers(always) }];
}

/** Whether it has volumes that may have to go with it. */
function hasAnonymous({ mounts = [] }: CreateOptions): boolean {
  return mounts.some((mount) => mount.type === 'volume' && mount.anonymous === true);
}

/** Loaded for those who have a check: most have none. */
async function healthOf(image: ImageConfig, options: CreateOptions): Promise<SupervisionOptions['health']> {
  if (options.health === undefined && image.config.Healthcheck === undefined) return undefined;
  const { healthSettings } = await import('../options/health.ts');
  return healthSettings(image, options);
}
