import { dirname } from 'node:path';
import type { LinuxResources } from '../../oci/runtime-config.ts';
import type { PlanRecord } from '../record.ts';
import type { CgroupLayout, Hierarchy } from './layout.ts';
import { limitedControllers, limitWrites } from './limits.ts';
import { ancestors, type Cgroup, hierarchyOf, monitorPathOf } from './paths.ts';
import type { CgroupFiles } from './types.ts';
import { inheritCpuset } from './v1.ts';

/**
 * A cgroup for a container's monitor and what that starts, beside the container's own. It goes back to the first of
 * `back`, directories of the same hierarchy, that takes it.
 */
export interface MonitorCgroup extends Cgroup {
  back: readonly string[];
}

interface Asked {
  resources: LinuxResources;
  files: CgroupFiles;
}

/**
 * Plans the cgroups in which a container's limits of CPU and block I/O hold for its monitor as well, with the writes
 * that put them into force: in the hierarchies of those limits, and nowhere without such limits. `cgroupsPath` is the
 * container's, and what it needs of v2 controllers is handed down to its monitor, too.
 */
export function planMonitorCgroups(
  layout: CgroupLayout,
  cgroupsPath: string,
  { resources, files }: Asked,
): { directories: readonly MonitorCgroup[]; setup: readonly PlanRecord[] } {
  const shared = sharedLimits(resources);
  const hierarchies = hierarchiesOf(layout, shared);
  if (hierarchies.length === 0) return { directories: [], setup: [] };
  const path = monitorPathOf(cgroupsPath);
  const own = files.read('/proc/self/cgroup') ?? '';
  return {
    directories: hierarchies.map((hierarchy) => monitorCgroup(hierarchy, path, own)),
    setup: [
      ...hierarchies.flatMap((hierarchy) => cpuset(hierarchy, path)),
      ...limitWrites(layout, path, { resources: shared, files }),
    ],
  };
}

/**
 * Plans the cgroups that a monitor which runs as process `monitor` lacks, with what has to be written before anybody can
 * be in them: all that limits ask for but the directories `present`. The limits themselves are `monitorUpdates`.
 */
export function missingMonitorCgroups(
  layout: CgroupLayout,
  cgroupsPath: string,
  { resources, files, monitor, present }: Asked & { monitor: number; present: ReadonlySet<string> },
): { directories: readonly MonitorCgroup[]; setup: readonly PlanRecord[] } {
  const path = monitorPathOf(cgroupsPath);
  const missing = hierarchiesOf(layout, sharedLimits(resources)).filter(
    ({ directory }) => !present.has(`${directory}${path}`),
  );
  const own = missing.length === 0 ? '' : (files.read(`/proc/${monitor}/cgroup`) ?? '');
  return {
    directories: missing.map((hierarchy) => monitorCgroup(hierarchy, path, own)),
    setup: missing.flatMap((hierarchy) => cpuset(hierarchy, path)),
  };
}

/** Returns the writes that update the limits of CPU and block I/O for a monitor that runs, where it has a cgroup. */
export function monitorUpdates(
  layout: CgroupLayout,
  cgroupsPath: string,
  { resources, files }: Asked,
): PlanRecord[] {
  const asked = { resources: sharedLimits(resources), files };
  return limitWrites(layout, monitorPathOf(cgroupsPath), asked).filter(([, file = '']) =>
    files.exists(dirname(file)),
  );
}

function hierarchiesOf(layout: CgroupLayout, shared: LinuxResources): Hierarchy[] {
  const found = limitedControllers(shared).flatMap((controller) => hierarchyOf(layout, controller) ?? []);
  return [...new Set(found)];
}

/** `own`: the text of /proc/PID/cgroup of who goes there. */
function monitorCgroup(hierarchy: Hierarchy, path: string, own: string): MonitorCgroup {
  const { version, directory } = hierarchy;
  const back = [...new Set([...placeIn(hierarchy, own), directory])];
  return { version, path: `${directory}${path}`, back };
}

/** Limits of memory and processes are the container's alone. */
function sharedLimits({ cpu, blockIO }: LinuxResources): LinuxResources {
  return { ...(cpu === undefined ? {} : { cpu }), ...(blockIO === undefined ? {} : { blockIO }) };
}

function cpuset({ version, directory, controllers }: Hierarchy, path: string): PlanRecord[] {
  if (version !== 'v1' || !controllers.includes('cpuset')) return [];
  const parent = ancestors(directory, path).at(-1) ?? directory;
  return inheritCpuset(parent, `${directory}${path}`);
}

/**
 * The directory of a process's own cgroup, by cgroups(7), /proc/PID/cgroup: `ID:CONTROLLERS:PATH`. None when what is
 * mounted does not show it.
 */
function placeIn({ version, directory, shows, controllers }: Hierarchy, own: string): string[] {
  for (const line of own.split('\n')) {
    const [, names = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const isIts =
      version === 'v2' ? names === '' : names.split(',').includes(controllers[0] ?? '') && names !== '';
    if (!isIts || path === '') continue;
    // Outside of this cgroup namespace.
    if (path.startsWith('/..')) return [];
    if (shows === '/') return [path === '/' ? directory : `${directory}${path}`];
    if (path === shows) return [directory];
    return path.startsWith(`${shows}/`) ? [`${directory}${path.slice(shows.length)}`] : [];
  }
  return [];
}
