import { join } from 'node:path';
import type { HostMount } from '../../runtime/options.ts';
import type { VolumeDefinition } from '../../volume/definition.ts';
import { localMount } from '../../volume/local-driver.ts';
import type { Context } from '../store/context.ts';
import { mountLock } from '../store/volume-mounts.ts';
import { volumeByName, volumeDirectory } from '../store/volumes.ts';

/** A volume that a container is to have: what of `VolumeMount` (options/mounts.ts) says which. */
export interface WantedVolume {
  target: string;
  /** Absent: an anonymous one. */
  name?: string | undefined;
  /** One that was made for this container, or the one that it takes its volumes from. */
  anonymous?: boolean | undefined;
  /** It does not begin with what the image has at the target. */
  noCopy?: boolean | undefined;
  driver?: string | undefined;
  driverOptions?: Record<string, string> | undefined;
  labels?: Record<string, string> | undefined;
}

/** Which volume it is, decided; it may not be there yet. */
export interface ResolvedVolume {
  definition: VolumeDefinition;
  target: string;
  noCopy: boolean;
  /** The path of the host that is shown in the container. */
  source: string;
  /** It is the store's own, and not what options of the driver say. */
  isOwnDirectory: boolean;
  recursive: boolean;
  /** What is mounted on the source for as long as containers use it. */
  hostMount?: HostMount | undefined;
  /** Words of mount(8) that hold for it in every container: `ro`, `nosuid` and the like. */
  flags: readonly string[];
}

/**
 * Decides which volume is meant and what of the host a container sees of it; makes nothing. Throws as `createVolume`, and
 * `conflict` for one that is there and is to have other options or labels.
 */
export async function resolveVolume(context: Context, wanted: WantedVolume): Promise<ResolvedVolume> {
  const { target, noCopy = false } = wanted;
  const { definition, directory } = await identify(context, wanted);
  const mounted = localMount(definition.options);
  if (mounted?.kind === 'bind') {
    const { source, recursive, flags } = mounted;
    return { definition, target, noCopy, source, isOwnDirectory: false, recursive, flags };
  }
  const isOwnDirectory = mounted === undefined;
  const hostMount = mounted && {
    directory,
    lock: mountLock(context, definition.name),
    type: mounted.type,
    device: mounted.device,
    flags: mounted.flags,
    data: mounted.data,
  };
  return {
    definition,
    target,
    noCopy,
    source: directory,
    isOwnDirectory,
    hostMount,
    recursive: false,
    flags: [],
  };
}

/** Most are there, and asked for by nothing but their name. */
async function identify(
  context: Context,
  { name, anonymous = false, driver, driverOptions, labels }: WantedVolume,
): Promise<{ definition: VolumeDefinition; directory: string }> {
  const existing = name === undefined ? undefined : volumeByName(context.database, name);
  if (existing !== undefined) {
    const { renamedFrom: _, ...definition } = existing;
    if (driverOptions !== undefined || labels !== undefined)
      (await import('./define.ts')).requireSame(existing, { options: driverOptions, labels });
    return { definition, directory: volumeDirectory(context, existing) };
  }
  const { defineVolume } = await import('./define.ts');
  const asked = { driver, options: driverOptions, labels };
  const definition = anonymous
    ? { ...defineVolume(asked), ...(name !== undefined && { name }) }
    : defineVolume({ ...asked, name });
  return { definition, directory: join(context.paths.volumes, definition.name) };
}
