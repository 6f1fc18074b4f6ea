import { posix } from 'node:path';
import { randomHex } from '../../host/random.ts';
import type { ImageConfig } from '../../oci/image-config.ts';
import type { CreateOptions } from '../options/create.ts';
import type { MountOptions, VolumesFrom } from '../options/mounts.ts';
import { findContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { findImage } from '../store/images.ts';

/**
 * All mounts of a new container, as they are kept: what it asks for itself, what the containers of `volumesFrom` have
 * where it asks for nothing, and volumes for the VOLUMEs of its image where there is nothing then. Anonymous volumes get
 * a name, images their ids, containers theirs. Throws `notFound` for containers and images that are not there.
 */
export function wantedMounts(
  context: Context,
  options: CreateOptions,
  { config: { Volumes = {} } }: ImageConfig,
): { mounts: MountOptions[]; volumesFrom?: VolumesFrom[] | undefined } {
  const { mounts: own = [], volumesFrom = [], files } = options;
  const others = volumesFrom.map((from) => ({
    ...from,
    row: findContainer(context.database, from.container),
  }));
  const inherited = others.flatMap(({ row, ...from }) =>
    (row.options.mounts ?? []).map((mount) => taken(mount, from)),
  );
  const declared = Object.keys(Volumes).map(
    (path): MountOptions => ({ type: 'volume', target: posix.join('/', path, '.'), asked: 'image' }),
  );
  const inMemory = (files.tmpfs ?? []).map(({ path }) => posix.join(path, '.'));
  const isFree = (taken: readonly MountOptions[], { target }: MountOptions) =>
    !inMemory.includes(target) && !taken.some((mount) => mount.target === target);
  // Of several containers the last one counts.
  const mounts = [...own, ...lastOfEach(inherited).filter((mount) => isFree(own, mount))];
  const free = declared.filter((mount) => mount.target !== '/' && isFree(mounts, mount));
  return {
    mounts: [...mounts, ...lastOfEach(free)].map((mount) => named(context, mount)),
    ...(volumesFrom.length === 0
      ? {}
      : { volumesFrom: others.map(({ row, ...from }) => ({ ...from, container: row.id })) }),
  };
}

function lastOfEach(mounts: readonly MountOptions[]): MountOptions[] {
  return [...new Map(mounts.map((mount) => [mount.target, mount])).values()];
}

/** Of another container: never more writable than there, and not filled from this one's image. */
function taken(mount: MountOptions, { readOnly = false, relabel }: VolumesFrom): MountOptions {
  return {
    ...mount,
    asked: 'from',
    ...(readOnly || mount.readOnly === true ? { readOnly: true } : {}),
    ...(relabel === undefined || mount.type === 'tmpfs' || mount.type === 'image' ? {} : { relabel }),
    ...(mount.type === 'volume' ? { noCopy: true } : {}),
  };
}

function named({ database }: Context, mount: MountOptions): MountOptions {
  if (mount.type === 'image' && mount.imageId === undefined)
    return { ...mount, imageId: findImage(database, mount.image).image.id };
  if (mount.type === 'volume' && mount.name === undefined)
    return { ...mount, name: randomHex(32), anonymous: true };
  return mount;
}
