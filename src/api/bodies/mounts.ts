import type { CreateOptions } from '../../engine/options/create.ts';
import type { MountOptions, Propagation } from '../../engine/options/mounts.ts';
import { cleanPath } from '../../grammar/mount-paths.ts';
import { parseVolume, parseVolumesFrom } from '../../grammar/mounts.ts';
import type { JsonObject } from '../http/json.ts';

const PROPAGATIONS = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'] as const;

/** Reads `Volumes` of ContainerConfig, and `Binds`, `Mounts` and `VolumesFrom` of HostConfig. */
export function mountOptions(
  config: JsonObject,
  host: JsonObject,
): Pick<CreateOptions, 'mounts' | 'volumesFrom'> {
  const binds = (host.texts('Binds') ?? []).map((text) => bindOf(host, text));
  const long = (host.objects('Mounts') ?? []).map(mountOf);
  const taken = new Set([...binds, ...long].map(({ target }) => target));
  const anonymous = (config.names('Volumes') ?? [])
    .filter((path) => !taken.has(cleanPath(path)))
    .map((path) => bindOf(config, path));
  const from = host.texts('VolumesFrom') ?? [];
  return {
    mounts: [...binds, ...anonymous, ...long],
    ...(from.length === 0 ? {} : { volumesFrom: from.map(parseVolumesFrom) }),
  };
}

/** A path that is relative would be relative to a directory of the service, which no client can mean. */
function bindOf(place: JsonObject, text: string): MountOptions {
  if (/^\.\.?(\/|:|$)/.test(text))
    throw place.refusal('Binds', `the source of "${text}" is not an absolute path`);
  return parseVolume(text);
}

/** Docker's Mount. */
function mountOf(mount: JsonObject): MountOptions {
  const target = mount.text('Target');
  if (target === undefined) throw mount.refusal('Target', 'it is to be an absolute path in the container');
  const common = {
    target: cleanPath(target),
    asked: 'mount',
    ...(mount.flag('ReadOnly') === true ? { readOnly: true } : {}),
  } as const;
  const source = mount.text('Source');
  const type = mount.text('Type');
  switch (type) {
    case 'bind':
      return { type, ...common, source: sourceOf(mount, source), ...bindExtras(mount) };
    case 'volume':
      return { type, ...common, ...(source === undefined ? {} : { name: source }), ...volumeExtras(mount) };
    case 'tmpfs':
      if (source !== undefined) throw mount.refusal('Source', 'a tmpfs has none');
      return { type, ...common, ...tmpfsExtras(mount) };
    case 'image':
      if (source === undefined) throw mount.refusal('Source', 'no image is named');
      return { type, ...common, image: source, subpath: mount.part('ImageOptions').text('Subpath') };
    default:
      throw mount.refusal('Type', `"${type ?? ''}" is no type of mounts`, 'use bind, volume, tmpfs or image');
  }
}

function sourceOf(mount: JsonObject, source: string | undefined): string {
  if (source === undefined || !source.startsWith('/'))
    throw mount.refusal('Source', 'it is to be an absolute path of the host');
  return cleanPath(source);
}

function bindExtras(mount: JsonObject): Partial<Extract<MountOptions, { type: 'bind' }>> {
  const options = mount.part('BindOptions');
  const text = options.text('Propagation');
  const propagation: Propagation | undefined = PROPAGATIONS.find((word) => word === text);
  if (text !== undefined && propagation === undefined)
    throw options.refusal('Propagation', `"${text}" is not known`, `use ${PROPAGATIONS.join(', ')}`);
  return {
    ...(propagation === undefined ? {} : { propagation }),
    ...(options.flag('CreateMountpoint') === true ? { createSource: true } : {}),
    ...recursiveOf(options),
  };
}

function recursiveOf(options: JsonObject): { recursive?: 'disabled' | 'writable' | 'readonly' } {
  if (options.flag('NonRecursive') === true) return { recursive: 'disabled' };
  if (options.flag('ReadOnlyForceRecursive') === true) return { recursive: 'readonly' };
  return options.flag('ReadOnlyNonRecursive') === true ? { recursive: 'writable' } : {};
}

function volumeExtras(mount: JsonObject): Partial<Extract<MountOptions, { type: 'volume' }>> {
  const options = mount.part('VolumeOptions');
  const driver = options.part('DriverConfig');
  return {
    ...(options.flag('NoCopy') === true ? { noCopy: true } : {}),
    subpath: options.text('Subpath'),
    labels: options.map('Labels'),
    driver: driver.text('Name'),
    driverOptions: driver.map('Options'),
  };
}

function tmpfsExtras(mount: JsonObject): { size?: number | undefined; mode?: number | undefined } {
  const options = mount.part('TmpfsOptions');
  return { size: options.amount('SizeBytes'), mode: options.amount('Mode') };
}
