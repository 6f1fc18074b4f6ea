import { EngineError } from '../../errors.ts';
import type { ImageConfig } from '../../oci/image-config.ts';
import type { RuntimeBind, RuntimeMount, RuntimeOverlay } from '../../runtime/options.ts';
import { checkMounts } from '../options/check-mounts.ts';
import type { CreateOptions } from '../options/create.ts';
import type { BindMount, TmpfsMount, VolumeMount } from '../options/mounts.ts';
import type { ContainerPaths } from '../store/container-paths.ts';
import type { OwnerMaps } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { checkPropagation, checkSource } from './bind-sources.ts';
import { imageMount } from './image-mounts.ts';
import { wantedMounts } from './wanted-mounts.ts';

type Writes = NonNullable<RuntimeOverlay['writes']>;

/** A container's mounts as they are kept, and as the runtime is told of them. */
export interface PreparedMounts {
  options: Pick<CreateOptions, 'mounts' | 'volumesFrom'>;
  runtime: RuntimeMount[];
}

/** What of the host a volume is: made by the time the container starts. */
export interface VolumeSource {
  source: string;
  /** With what is mounted below. */
  recursive: boolean;
  /** Words of mount(8) that hold for it in every container: `ro`, `nosuid` and the like. */
  flags: readonly string[];
}

/** What decides about mounts besides the options. */
export interface MountSurroundings {
  image: ImageConfig;
  own: ContainerPaths;
  idMaps: OwnerMaps | undefined;
  /** The container is there: its mounts are all among its options. */
  exists: boolean;
  /** Absent: there are no volumes, and what an image says of them is left out. */
  volumeSource?: ((volume: VolumeMount) => VolumeSource) | undefined;
}

/**
 * Decides what is mounted. Throws `invalid` for what cannot be (`checkMounts`), for a source on the host that is missing
 * (`checkSource`) or cannot be shared (`checkPropagation`), and as `wantedMounts` and `imageMount`.
 */
export function prepareMounts(
  context: Context,
  options: CreateOptions,
  surroundings: MountSurroundings,
): PreparedMounts {
  const { image, own, exists, volumeSource } = surroundings;
  const declared = volumeSource === undefined ? { ...image, config: {} } : image;
  const { mounts, volumesFrom } = exists
    ? { mounts: options.mounts ?? [], volumesFrom: options.volumesFrom }
    : wantedMounts(context, options, declared);
  checkMounts({ ...options, mounts });
  return {
    options: { mounts, ...(volumesFrom === undefined ? {} : { volumesFrom }) },
    runtime: mounts.map((mount, index) => {
      if (mount.type === 'tmpfs') return tmpfsMount(mount);
      if (mount.type === 'bind') return bindMount(mount, own.overlay(index));
      if (mount.type === 'image') return imageMount(context, mount, surroundings.idMaps);
      return volumeMount(mount, surroundings);
    }),
  };
}

function volumeMount(mount: VolumeMount, { volumeSource, idMaps }: MountSurroundings): RuntimeMount {
  if (volumeSource === undefined) {
    throw new EngineError('unsupported', `there are no volumes yet for ${mount.target}`, {
      subject: mount.target,
      hint: 'name a directory of the host, with a slash or ./ in front',
    });
  }
  const { source, recursive, flags } = volumeSource(mount);
  return {
    type: 'bind',
    source,
    beneath: mount.subpath || undefined,
    destination: mount.target,
    recursive,
    readOnly: mount.readOnly === true || flags.includes('ro') ? 'deep' : 'no',
    propagation: 'rprivate',
    flags: flags.filter((word) => word !== 'ro'),
    idMap: idMaps?.idMapped === true,
    relabel: mount.relabel,
    chown: mount.chown,
  };
}

function bindMount(mount: BindMount, writes: Writes): RuntimeMount {
  const { source, target, readOnly = false, recursive = 'enabled', propagation = 'rprivate' } = mount;
  checkSource(mount);
  checkPropagation(source, propagation);
  if (mount.overlay === true) {
    return { type: 'overlay', lowers: [source], writes, destination: target, readOnly, idMap: mount.idMap };
  }
  return {
    type: 'bind',
    source,
    destination: target,
    recursive: recursive !== 'disabled',
    readOnly: readOnlyOf(readOnly, recursive),
    propagation,
    idMap: mount.idMap,
    relabel: mount.relabel,
    chown: mount.chown,
  };
}

function readOnlyOf(readOnly: boolean, recursive: BindMount['recursive']): RuntimeBind['readOnly'] {
  if (!readOnly) return 'no';
  return recursive === 'writable' || recursive === 'disabled' ? 'top' : 'deep';
}

function tmpfsMount({ target, readOnly, size = 0, mode = 0 }: TmpfsMount): RuntimeMount {
  const options = [
    ...(readOnly === true ? ['ro'] : []),
    ...(size === 0 ? [] : [`size=${size}`]),
    ...(mode === 0 ? [] : [`mode=${mode.toString(8)}`]),
  ];
  return { type: 'tmpfs', destination: target, options };
}
