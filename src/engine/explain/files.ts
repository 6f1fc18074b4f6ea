import { existsSync } from 'node:fs';
import type { PlanRecord } from '../../runtime/record.ts';
import type { MountOptions } from '../options/mounts.ts';
import type { PreparedContainer } from '../prepare/container.ts';
import type { Context } from '../store/context.ts';
import { layerDirectories } from '../store/layer-directories.ts';
import { lacksOf } from '../volumes/ensure.ts';
import type { ResolvedVolume } from '../volumes/resolve.ts';
import { argumentsOf, type PlanSections } from './sections.ts';

/** A mount, in the words of its record in the plan. */
export interface ExplainedMount {
  target: string;
  /** The file system's, or `bind`. */
  type: string;
  /** A path of the host, a device, or what the kernel calls it. */
  source: string;
  /** Of an overlay: its read-only directories, topmost first, and the one that is written to. */
  lowers?: string[] | undefined;
  upper?: string | undefined;
  /** Of a root in a store of whole trees: the layer of which the source is to be a copy. */
  copyOf?: string | undefined;
  /** A path below the source. */
  beneath?: string | undefined;
  /** Of another container's process, for its /dev/shm. */
  pid?: number | undefined;
  /** Words of mount(8) and of the file system; words of native/PLAN.md for what they do not have. */
  options: string[];
  isAsked: boolean;
  /** The source, a directory of the host, is made. */
  isMade?: boolean | undefined;
  volume?: ExplainedVolume | undefined;
  /** The image whose files are shown. */
  image?: string | undefined;
}

export interface ExplainedVolume {
  /** Absent: an anonymous one, which gets a name when it is made. */
  name?: string | undefined;
  isMissing: boolean;
  /** It begins with what the image has at the target, if it has something; absent: layers are not here to look at. */
  isToBeFilled?: boolean | undefined;
}

/** A device node, as it is made in the container. */
export interface ExplainedDevice {
  path: string;
  type: string;
  major: number;
  minor: number;
  /** Octal. */
  mode: string;
  isAsked: boolean;
}

/** All mounts in the order in which they are made, the root first. */
export function explainMounts(
  context: Context,
  prepared: PreparedContainer,
  { init }: PlanSections,
): ExplainedMount[] {
  return init.flatMap((record) => {
    const mount = readMount(record);
    return mount === undefined ? [] : [{ ...mount, ...wishesOf(context, prepared, mount) }];
  });
}

type ReadMount = Omit<ExplainedMount, 'isAsked'>;

/** The mount that a record makes; undefined for other records. */
export function readMount([op, ...words]: PlanRecord): ReadMount | undefined {
  const [first = '', second = '', third = '', fourth = '', fifth = '', ...rest] = words;
  switch (op) {
    case 'overlay':
      return overlay({ target: '/', upper: second, flags: fourth, lowers: [fifth, ...rest] });
    case 'bind-root':
      return { target: '/', type: 'bind', source: second, options: split(third) };
    case 'mount':
      return { target: third, type: first, source: second, options: [...split(fourth), ...split(fifth)] };
    case 'bind':
      return { target: second, type: 'bind', source: first, options: split(third) };
    case 'bind-beneath':
      return { target: third, type: 'bind', source: first, beneath: second, options: split(fourth) };
    case 'bind-of':
      return { target: fourth, type: 'bind', source: third, pid: Number(first), options: split(fifth) };
    case 'overlay-at': {
      const [beneath, ...lowers] = [fifth, ...rest];
      const mount = overlay({ target: first, upper: second, flags: fourth, lowers });
      return beneath === '' ? mount : { ...mount, beneath };
    }
    case 'cgroup-mount':
      return { target: first, type: 'cgroup', source: second, options: [third, ...words.slice(3)] };
    default:
      return undefined;
  }
}

function overlay({
  target,
  upper,
  flags,
  lowers,
}: {
  target: string;
  upper: string;
  flags: string;
  lowers: string[];
}): ReadMount {
  const writes = upper === '' ? {} : { upper };
  return { target, type: 'overlay', source: 'overlay', lowers, ...writes, options: split(flags) };
}

function split(words: string): string[] {
  return words.split(',').filter((word) => word !== '');
}

/** Who wants a mount, and what has to be made for it. */
function wishesOf(
  context: Context,
  { options, volumes, image, runtime: { rootfs } }: PreparedContainer,
  { target }: ReadMount,
): Pick<ExplainedMount, 'isAsked' | 'isMade' | 'volume' | 'image' | 'copyOf'> {
  if (target === '/' && rootfs.copyOf !== undefined) return { isAsked: false, copyOf: rootfs.copyOf };
  if ((options.files.tmpfs ?? []).some(({ path }) => path === target)) return { isAsked: true };
  const mount = options.mounts?.find((one) => one.target === target);
  if (mount === undefined)
    return {
      isAsked: target === '/' ? options.rootfs !== undefined : isDeviceAsked(options.devices, target),
    };
  const isAsked = mount.asked !== 'image';
  const volume = volumes.find((one) => one.target === target);
  if (volume !== undefined) {
    const name = isAnonymous(mount) ? undefined : volume.definition.name;
    return {
      isAsked,
      volume: {
        name,
        ...lacksSeen(context, volume, { layers: image.layers, directory: options.rootfs?.directory }),
      },
    };
  }
  if (mount.type === 'image') return { isAsked, image: mount.image };
  const isMade = mount.type === 'bind' && mount.createSource === true && !existsSync(mount.source);
  return { isAsked, ...(isMade ? { isMade } : {}) };
}

function lacksSeen(
  context: Context,
  volume: ResolvedVolume,
  tree: Parameters<typeof lacksOf>[2],
): ReturnType<typeof lacksOf> | { isMissing: boolean } {
  const { isMissing, isToBeFilled } = lacksOf(context, volume, tree);
  const canLook = volume.noCopy || layerDirectories(context, tree.layers, undefined).every(existsSync);
  return canLook ? { isMissing, isToBeFilled } : { isMissing };
}

function isDeviceAsked({ devices = [] }: PreparedContainer['options']['devices'], target: string): boolean {
  return devices.some(({ container }) => container === target);
}

/** Of another container one may be there already, and has a name. */
function isAnonymous(mount: MountOptions): boolean {
  return mount.type === 'volume' && mount.anonymous === true && mount.asked !== 'from';
}

/** The nodes that are made, in the plan's order. */
export function explainDevices(
  { options: { devices } }: Pick<PreparedContainer, 'options'>,
  { init }: PlanSections,
): ExplainedDevice[] {
  return argumentsOf(init, 'node').map(([path = '', type = '', major, minor, mode = '']) => {
    const isAsked = isDeviceAsked(devices, path);
    return { path, type, major: Number(major), minor: Number(minor), mode, isAsked };
  });
}

/** The links that are made, in the plan's order. */
export function explainLinks({ init }: PlanSections): { path: string; to: string }[] {
  return argumentsOf(init, 'symlink').map(([path = '', to = '']) => ({ path, to }));
}

/** The labels of SELinux that sources of mounts get first. */
export function explainLabels({ setup }: PlanSections): { source: string; label: string }[] {
  return argumentsOf(setup, 'relabel').map(([source = '', label = '']) => ({ source, label }));
}
