import type { ImageConfig } from '../../oci/image-config.ts';
import type { HostMount, RuntimeBind, RuntimeMount, RuntimeOverlay } from '../../runtime/options.ts';
import { checkMounts } from '../options/check-mounts.ts';
import type { CreateOptions } from '../options/create.ts';
import type { BindMount, TmpfsMount } from '../options/mounts.ts';
import type { ContainerPaths } from '../store/container-paths.ts';
import type { OwnerMaps } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import type { ResolvedVolume } from '../volumes/resolve.ts';
import { checkPropagation, checkSource } from './bind-sources.ts';
import { imageMount } from './image-mounts.ts';
import { wantedMounts } from './wanted-mounts.ts';

type Writes = NonNullable<RuntimeOverlay['writes']>;

/** A container's mounts as they are kept, and as the runtime is told of them. */
export interface PreparedMounts {
  options: Pick<CreateOptions, 'mounts' | 'volumesFrom'>;
  runtime: RuntimeMount[];
  /** Those among them, of which some may not be there yet. */
  volumes: ResolvedVolume[];
  hostMounts: HostMount[];
}

/** What decides about mounts besides the options. */
export interface MountSurroundings {
  image: ImageConfig;
  own: ContainerPaths;
  idMaps: OwnerMaps | undefined;
  /** The container is there: its mounts are all among its options. */
  exists: boolean;
}

/**
 * Decides what is mounted. Throws `invalid` for what cannot be (`checkMounts`), for a source on the host that is missing
 * (`checkSource`) or cannot be shared (`checkPropagation`), and as `wantedMounts` and `imageMount`.
 */
export async function prepareMounts(
  context: Context,
  options: CreateOptions,
  { image, own, exists, idMaps }: MountSurroundings,
): Promise<PreparedMounts> {
  const { mounts, volumesFrom } = exists
    ? { mounts: options.mounts ?? [], volumesFrom: options.volumesFrom }
    : wantedMounts(context, options, image);
  checkMounts({ ...options, mounts });
  if (mounts.some((mount) => mount.type === 'bind' && mount.overlay === true)) await checkOverlays(context);
  const hasVolumes = mounts.some(({ type }) => type === 'volume');
  const volumes = hasVolumes
    ? await (await import('./volumes.ts')).prepareVolumes(context, mounts, idMaps)
    : [];
  const ofVolumes = new Map(volumes.map(({ volume, runtime }) => [volume.target, runtime]));
  const runtime = mounts.flatMap((mount, index): RuntimeMount[] => {
    if (mount.type === 'tmpfs') return [tmpfsMount(mount)];
    if (mount.type === 'bind') return [bindMount(mount, own.overlay(index))];
    if (mount.type === 'image') return [imageMount(context, mount, idMaps)];
    return [ofVolumes.get(mount.target) ?? []].flat();
  });
  return {
    options: { mounts, ...(volumesFrom === undefined ? {} : { volumesFrom }) },
    runtime,
    volumes: volumes.map(({ volume }) => volume),
    hostMounts: volumes.flatMap(({ hostMount }) => hostMount ?? []),
  };
}

/** What is written goes into the store. */
async function checkOverlays(context: Context): Promise<void> {
  const { requireOverlay } = await import('./overlays.ts');
  await requireOverlay(context, 'a directory cannot be mounted with a layer above it (:O)');
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
