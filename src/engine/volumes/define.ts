import { EngineError } from '../../errors.ts';
import { ANONYMOUS_LABEL, type VolumeDefinition } from '../../volume/definition.ts';
import { checkLocalOptions, localMount } from '../../volume/local-driver.ts';
import { anonymousName, checkVolumeName } from '../../volume/name.ts';
import type { CreateVolumeOptions } from '../options/volume.ts';
import type { VolumeRow } from '../store/volumes.ts';

/** What a volume is to be. Throws as `createVolume`. */
export function defineVolume({
  name,
  driver = 'local',
  options = {},
  labels = {},
}: CreateVolumeOptions): VolumeDefinition {
  if (name !== undefined && name !== '') checkVolumeName(name);
  if (driver !== 'local' && driver !== '') throw noDriver(driver);
  checkLocalOptions(options);
  localMount(options);
  const anonymous = name === undefined || name === '';
  return {
    name: anonymous ? anonymousName() : name,
    driver: 'local',
    options,
    labels: anonymous ? { [ANONYMOUS_LABEL]: '', ...labels } : labels,
    anonymous,
    createdAt: Date.now(),
  };
}

function noDriver(driver: string): EngineError {
  return new EngineError('unsupported', `there is no volume driver ${driver}`, {
    subject: driver,
    hint: 'volumes are directories of this host: the driver is local',
  });
}

/** Nothing that is asked for is silently left out. */
export function requireSame(
  existing: VolumeRow,
  { options, labels = {} }: Pick<CreateVolumeOptions, 'options' | 'labels'>,
): void {
  const differs =
    (options !== undefined && !sameMembers(options, existing.options)) ||
    Object.entries(labels).some(([key, value]) => existing.labels[key] !== value);
  if (!differs) return;
  throw new EngineError('conflict', `volume ${existing.name} exists already, with other options or labels`, {
    subject: existing.name,
    hint: 'choose another name, or remove it first',
    remedy: `skiff volume inspect ${existing.name} shows them; choose another name, or remove it first`,
  });
}

function sameMembers(
  one: Readonly<Record<string, string>>,
  other: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
