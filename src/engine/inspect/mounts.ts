import {
  type BindMount,
  type ImageMount,
  isNamed,
  type MountOptions,
  type VolumeMount,
  type VolumesFrom,
} from '../options/mounts.ts';
import { mapOf, omitEmpty } from './go-json.ts';

/** `Mounts` of Docker's ContainerInspect; `sources` are what is mounted at each target, by the bundle. */
export function mountPoints(
  mounts: readonly MountOptions[] = [],
  sources: ReadonlyMap<string, string>,
): object[] {
  return mounts.map((mount) => {
    const { type, target, readOnly } = mount;
    return omitEmpty(
      {
        Type: type,
        Name: mount.type === 'volume' ? (mount.name ?? '') : '',
        Source: sourceOf(mount, sources),
        Destination: target,
        Driver: mount.type === 'volume' ? (mount.driver ?? 'local') : '',
        Mode: modeOf(mount),
        RW: readOnly !== true && type !== 'image',
        Propagation: mount.type === 'bind' ? (mount.propagation ?? 'rprivate') : '',
      },
      'Name',
      'Driver',
    );
  });
}

function sourceOf(mount: MountOptions, sources: ReadonlyMap<string, string>): string {
  switch (mount.type) {
    case 'bind':
      return mount.source;
    case 'image':
      return mount.image;
    case 'volume':
      return sources.get(mount.target) ?? '';
    default:
      return '';
  }
}

/** The words of `-v`; Docker says of every other volume with a name that containers share its labels. */
function modeOf(mount: MountOptions): string {
  if (mount.type !== 'bind' && mount.type !== 'volume') return '';
  if (mount.asked === 'bind') return suffix(mount).join() || (isNamed(mount) ? 'z' : '');
  return mount.asked !== 'from' && mount.asked !== 'image' && mount.type === 'volume' ? 'z' : '';
}

function suffix(mount: BindMount | VolumeMount): string[] {
  const { readOnly, relabel, chown } = mount;
  return [
    ...(readOnly ? ['ro'] : []),
    ...(relabel === undefined ? [] : [relabel === 'shared' ? 'z' : 'Z']),
    ...(chown ? ['U'] : []),
    ...(mount.type === 'volume'
      ? [...(mount.noCopy ? ['nocopy'] : [])]
      : [
          ...(mount.overlay ? ['O'] : []),
          ...(mount.idMap ? ['idmap'] : []),
          ...(mount.propagation === undefined ? [] : [mount.propagation]),
        ]),
  ];
}

/** `HostConfig.Binds`: those of `-v`, but for anonymous volumes, which are in `Config.Volumes`. */
export function bindTexts(mounts: readonly MountOptions[] = []): string[] {
  return mounts.flatMap((mount) => {
    if (mount.asked !== 'bind' || (mount.type !== 'bind' && !isNamed(mount as VolumeMount))) return [];
    const { target } = mount;
    const source = mount.type === 'bind' ? mount.source : ((mount as VolumeMount).name ?? '');
    return [[source, target, ...listed(suffix(mount as BindMount | VolumeMount))].join(':')];
  });
}

function listed(words: readonly string[]): string[] {
  return words.length === 0 ? [] : [words.join()];
}

/** `HostConfig.VolumesFrom`. */
export function volumesFromTexts(from: readonly VolumesFrom[] = []): string[] {
  return from.map(({ container, readOnly, relabel }) =>
    [
      container,
      ...listed([
        ...(readOnly ? ['ro'] : []),
        ...(relabel === undefined ? [] : [relabel === 'shared' ? 'z' : 'Z']),
      ]),
    ].join(':'),
  );
}

/** `HostConfig.Mounts`: those of `--mount`. */
export function longMounts(mounts: readonly MountOptions[] = []): object[] {
  return mounts
    .filter(({ asked = 'mount' }) => asked === 'mount')
    .map((mount) => {
      const { type, target, readOnly = false } = mount;
      return omitEmpty(
        {
          Type: type,
          Source: longSource(mount),
          Target: target,
          ReadOnly: readOnly,
          Consistency: '',
          BindOptions: mount.type === 'bind' ? bindOptions(mount) : null,
          VolumeOptions: mount.type === 'volume' ? volumeOptions(mount) : null,
          ImageOptions: mount.type === 'image' ? imageOptions(mount) : null,
          TmpfsOptions: mount.type === 'tmpfs' ? tmpfsOptions(mount) : null,
        },
        'Source',
        'ReadOnly',
        'Consistency',
        'BindOptions',
        'VolumeOptions',
        'ImageOptions',
        'TmpfsOptions',
      );
    });
}

function longSource(mount: MountOptions): string {
  if (mount.type === 'volume') return mount.anonymous === true ? '' : (mount.name ?? '');
  return mount.type === 'bind' ? mount.source : mount.type === 'image' ? mount.image : '';
}

/** Null when nobody has said any, as a pointer to none. */
function options<Struct extends object>(struct: Struct, ...names: (keyof Struct & string)[]): Struct | null {
  const shown = omitEmpty(struct, ...names);
  return Object.keys(shown).length > 0 ? shown : null;
}

function bindOptions({ propagation, recursive, createSource }: BindMount): object | null {
  return options(
    {
      Propagation: propagation ?? '',
      NonRecursive: recursive === 'disabled',
      CreateMountpoint: createSource === true,
      ReadOnlyNonRecursive: recursive === 'writable',
      ReadOnlyForceRecursive: recursive === 'readonly',
    },
    'Propagation',
    'NonRecursive',
    'CreateMountpoint',
    'ReadOnlyNonRecursive',
    'ReadOnlyForceRecursive',
  );
}

function volumeOptions({ noCopy, labels, subpath, driver, driverOptions }: VolumeMount): object | null {
  return options(
    {
      NoCopy: noCopy === true,
      Labels: mapOf(labels),
      Subpath: subpath ?? '',
      DriverConfig: options({ Name: driver ?? '', Options: mapOf(driverOptions) }, 'Name', 'Options'),
    },
    'NoCopy',
    'Labels',
    'Subpath',
    'DriverConfig',
  );
}

function imageOptions({ subpath }: ImageMount): object | null {
  return options({ Subpath: subpath ?? '' }, 'Subpath');
}

function tmpfsOptions({
  size,
  mode,
}: {
  size?: number | undefined;
  mode?: number | undefined;
}): object | null {
  return options({ SizeBytes: size ?? 0, Mode: mode ?? 0 }, 'SizeBytes', 'Mode');
}
