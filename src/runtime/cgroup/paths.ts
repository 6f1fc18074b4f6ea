import { EngineError } from '../../errors.ts';
import type { CgroupLayout, Hierarchy } from './layout.ts';

/** A cgroup controller, by its name on v1. On v2 `blkio` is called `io`, and some need no controller. */
export type Controller = 'memory' | 'cpu' | 'cpuacct' | 'cpuset' | 'pids' | 'blkio' | 'devices' | 'freezer';

/** The names of v2; `core`: every cgroup has it. */
const ON_V2: Readonly<Record<Controller, string>> = {
  memory: 'memory',
  cpu: 'cpu',
  cpuacct: 'core',
  cpuset: 'cpuset',
  pids: 'pids',
  blkio: 'io',
  devices: 'core',
  freezer: 'core',
};

/**
 * The hierarchies that a container joins are those with any of these. What is not joined (net_cls, name=systemd) is not
 * mounted in the container either, where it would show the host's tree.
 */
const JOINED = new Set<string>([...Object.keys(ON_V2), 'io']);

/** Beside v1 hierarchies the v2 one usually has nothing that a container needs; alone it is the container's place. */
export function isJoined({ controllers, writable }: Hierarchy, { mode }: CgroupLayout): boolean {
  return writable && (mode === 'v2' || controllers.some((name) => JOINED.has(name)));
}

/** The hierarchy that has a controller, whether or not it can be used. */
export function hierarchyOf(layout: CgroupLayout, controller: Controller): Hierarchy | undefined {
  const name = ON_V2[controller];
  return (
    layout.hierarchies.find((one) => one.version === 'v1' && one.controllers.includes(controller)) ??
    layout.hierarchies.find(
      (one) =>
        one.version === 'v2' && (name === 'core' ? isJoined(one, layout) : one.controllers.includes(name)),
    )
  );
}

/** Returns a controller's name on v1 or v2. */
export function nameOn(version: 'v1' | 'v2', controller: Controller): string {
  return version === 'v1' ? controller : ON_V2[controller];
}

/** A container's directory in one hierarchy. */
export interface Cgroup {
  version: 'v1' | 'v2';
  path: string;
}

/**
 * Returns a container's cgroup of that controller, also the one that it would have if it ran; undefined when this host
 * has none that containers join. `cgroupsPath` as in the spec.
 */
export function findCgroup(
  layout: CgroupLayout,
  cgroupsPath: string,
  controller: Controller,
): Cgroup | undefined {
  const hierarchy = hierarchyOf(layout, controller);
  if (hierarchy === undefined || !hierarchy.writable) return undefined;
  return { version: hierarchy.version, path: `${hierarchy.directory}${cgroupsPath}` };
}

/** The name of a container's directory in each cgroup hierarchy. */
export function cgroupName(id: string): string {
  return `skiff-${id}`;
}

/**
 * Returns the path of the cgroup where limits hold for a container's monitor: beside the container's own, which is
 * `cgroupsPath`.
 */
export function monitorPathOf(cgroupsPath: string): string {
  return `${cgroupsPath}.monitor`;
}

/** The id of the container whose directory, or whose monitor's, has this name; undefined for any other name. */
export function containerOfCgroup(name: string): string | undefined {
  return /^skiff-([0-9a-f]{64})(\.monitor)?$/.exec(name)?.[1];
}

/** The longest name and the longest path of a parent, in bytes: files below it are still named by what is no longer than a path. */
const NAME_MAX = 255;
const PARENT_MAX = 3072;

/**
 * `linux.cgroupsPath` of a container: `/skiff-<id>`, below the parent when there is one (`team/a` and `/team/a/` are the
 * same). Throws `invalid` for a parent that would lead out of the hierarchies, or is too long.
 */
export function cgroupsPathOf(id: string, parent: string | undefined): string {
  const names = (parent ?? '').split('/').filter((name) => name !== '' && name !== '.');
  if (names.some((name) => name === '..' || name.includes('\n') || name.includes('\0'))) {
    throw new EngineError('invalid', `${JSON.stringify(parent)} cannot be the parent of a cgroup`, {
      subject: parent,
      hint: 'write a path below the root of the cgroup hierarchies, as in /team/a',
    });
  }
  if (Buffer.byteLength(names.join('/')) > PARENT_MAX || names.some(isTooLong)) {
    throw new EngineError('invalid', 'the parent of a cgroup has too long a name', {
      subject: parent,
      hint: `use at most ${NAME_MAX} bytes for each name of its path, and ${PARENT_MAX} for all`,
    });
  }
  return `/${[...names, cgroupName(id)].join('/')}`;
}

function isTooLong(name: string): boolean {
  return Buffer.byteLength(name) > NAME_MAX;
}

/** The directories of a hierarchy from its root down to, and without, a container's own. */
export function ancestors(root: string, cgroupsPath: string): string[] {
  const directories = [root];
  for (const name of cgroupsPath.split('/').slice(1, -1)) directories.push(`${directories.at(-1)}/${name}`);
  return directories;
}

/** Device rules of a container are obeyed here: a v1 devices controller, or v2 cgroups, which take eBPF programs. */
export function canControlDevices(layout: CgroupLayout): boolean {
  return hierarchyOf(layout, 'devices')?.writable === true;
}
