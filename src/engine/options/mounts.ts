import type { Digest } from '../../oci/digest.ts';

/**
 * One mount that a face asks for, or that an image or another container brings along. It is kept with the container:
 * its members' names are for good. Once it is kept its volume has a name and its image an id.
 */
export type MountOptions = BindMount | VolumeMount | TmpfsMount | ImageMount;

interface Mounted {
  /** Absolute path inside the container. */
  target: string;
  readOnly?: boolean | undefined;
  /**
   * Who asked for it; only shown. `bind`: `-v` (Docker's HostConfig.Binds), absent and `mount`: `--mount`
   * (HostConfig.Mounts), `image`: a VOLUME of the image, `from`: the container that `--volumes-from` names.
   */
  asked?: 'bind' | 'mount' | 'image' | 'from' | undefined;
}

/** mount_namespaces(7); absent: `rprivate`. */
export type Propagation = 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave';

/** SELinux labels of the source, `-v …:z` and `-v …:Z`: for all containers, or for this one alone. */
export type Relabel = 'shared' | 'private';

export interface BindMount extends Mounted {
  type: 'bind';
  /** Absolute path on the host. */
  source: string;
  propagation?: Propagation | undefined;
  /**
   * Absent, `enabled`: with what is mounted below the source, read-only in depth where the kernel can. `disabled`:
   * without that. `writable`: of a read-only one what is below stays writable. `readonly`: in depth, or it is an error.
   */
  recursive?: 'enabled' | 'disabled' | 'writable' | 'readonly' | undefined;
  /** A source that is not there is made, a directory; else it is an error. */
  createSource?: boolean | undefined;
  relabel?: Relabel | undefined;
  /** Podman's `U`: the source and all in it are given to the user of the container. */
  chown?: boolean | undefined;
  /** Podman's `O`: what the container writes lies in a layer of its own, and goes with it. */
  overlay?: boolean | undefined;
  /** The owners on disk are those in the container, whatever its user namespace makes of its ids. */
  idMap?: boolean | undefined;
}

export interface VolumeMount extends Mounted {
  type: 'volume';
  /** Absent: an anonymous one, which gets a name when the container is made. */
  name?: string | undefined;
  anonymous?: boolean | undefined;
  /** It does not begin with what the image has at the target. */
  noCopy?: boolean | undefined;
  /** A directory or file in the volume; it cannot lead out of it. */
  subpath?: string | undefined;
  driver?: string | undefined;
  driverOptions?: Record<string, string> | undefined;
  labels?: Record<string, string> | undefined;
  relabel?: Relabel | undefined;
  chown?: boolean | undefined;
}

/** `--mount type=tmpfs`; those of `--tmpfs` are in `FileOptions`. */
export interface TmpfsMount extends Mounted {
  type: 'tmpfs';
  /** Bytes; absent or 0: half of the memory, as the kernel has it. */
  size?: number | undefined;
  /** Absent or 0: 1777. */
  mode?: number | undefined;
}

/** The files of another image, read-only. */
export interface ImageMount extends Mounted {
  type: 'image';
  /** The image as the user named it. */
  image: string;
  imageId?: Digest | undefined;
  subpath?: string | undefined;
}

/** Ids of the images whose files a container sees besides its own. */
export function mountedImages(mounts: readonly MountOptions[] = []): Digest[] {
  return mounts.flatMap((mount) => (mount.type === 'image' && mount.imageId ? [mount.imageId] : []));
}

/** `--volumes-from`; `container` is a name or id as the user gave it, an id once it is kept. */
export interface VolumesFrom {
  container: string;
  /** Absent: as the other container has them. */
  readOnly?: boolean | undefined;
  relabel?: Relabel | undefined;
}

/** Whether it is a volume that the user has named. */
export function isNamed(mount: MountOptions): boolean {
  return mount.type === 'volume' && mount.anonymous !== true && mount.name !== undefined;
}

/** `Config.Volumes`: what is an anonymous volume for want of anything else, for the image or by `-v PATH`. */
export function anonymousVolumes(mounts: readonly MountOptions[] = []): Record<string, object> {
  const anonymous = mounts.filter(
    (mount) => mount.type === 'volume' && mount.asked === 'bind' && !isNamed(mount),
  );
  return Object.fromEntries(anonymous.map(({ target }) => [target, {}]));
}
