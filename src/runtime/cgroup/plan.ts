import { existsSync } from 'node:fs';
import { readText } from '../../host/read-text.ts';
import type { LinuxResources } from '../../oci/runtime-config.ts';
import type { PlanRecord } from '../record.ts';
import { deviceRecords } from './devices.ts';
import type { CgroupLayout, Hierarchy } from './layout.ts';
import { limitRecords } from './limits.ts';
import { type MonitorCgroup, planMonitorCgroups } from './monitor.ts';
import { type Cgroup, findCgroup, isJoined } from './paths.ts';
import { missing } from './refusals.ts';
import type { CgroupFiles } from './types.ts';
import { cpusetInheritance } from './v1.ts';

/** The part of a container's plan that its cgroups need. */
export interface CgroupPlan {
  /**
   * The cgroup below which each health check has one of its own, by which all its processes are found; undefined: none.
   * A cgroup of v2, or of v1's freezer, pids or devices, takes nothing from the processes in one below it.
   */
  checks?: Cgroup | undefined;
  /** The cgroups of the container, one in each hierarchy that it joins: made before it starts, removed when it ended. */
  directories: readonly Cgroup[];
  /**
   * The cgroups for what the container makes others do, made and removed with its own; where nothing that concerns
   * those is limited, none.
   */
  monitor: readonly MonitorCgroup[];
  /** Limits, rules about devices, and what has to be switched on for them. */
  setup: readonly PlanRecord[];
  /** The hierarchies that the container sees at /sys/fs/cgroup; undefined: it joined none, so it sees none. */
  mount: { version: 'v1' | 'v2' | 'hybrid'; names: readonly string[] } | undefined;
}

export const HOST_FILES: CgroupFiles = { read: readText, exists: existsSync };

/**
 * Directories and writes for one container; `cgroupsPath` as in the spec, `/skiff-<id>` or below a parent. A limit whose
 * controller is missing or cannot be used throws `unsupported`, before anything was made. Without limits a host whose
 * cgroups cannot be written is no obstacle: the container then stays in the cgroup of its caller.
 *
 * On v2 the controllers must be handed down by the parent's `cgroup.subtree_control`. A parent that holds processes
 * (skiff inside of a container) cannot: an image such as docker:dind moves them into a child when it starts. skiff
 * never moves processes that are not its own; it runs without limits and statistics there, and refuses limits with
 * the line that moves them as a hint.
 */
export function planCgroup(
  layout: CgroupLayout,
  cgroupsPath: string,
  resources: LinuxResources,
  files: CgroupFiles = HOST_FILES,
): CgroupPlan {
  const joined = layout.hierarchies.filter((hierarchy) => isJoined(hierarchy, layout));
  const candidates = (['freezer', 'pids', 'devices'] as const).map((name) =>
    findCgroup(layout, cgroupsPath, name),
  );
  const monitor = planMonitorCgroups(layout, cgroupsPath, { resources, files });
  return {
    checks: candidates.find((cgroup) => cgroup !== undefined),
    directories: joined.map(({ version, directory }) => ({ version, path: `${directory}${cgroupsPath}` })),
    monitor: monitor.directories,
    setup: [
      ...joined.filter(hasOwnCpuset).flatMap(({ directory }) => cpusetInheritance(directory, cgroupsPath)),
      ...limitRecords(layout, cgroupsPath, { resources, files }),
      ...devices(layout, cgroupsPath, resources),
      ...monitor.setup,
    ],
    mount: mountOf(joined),
  };
}

function hasOwnCpuset({ version, controllers }: Hierarchy): boolean {
  return version === 'v1' && controllers.includes('cpuset');
}

function devices(
  layout: CgroupLayout,
  cgroupsPath: string,
  { devices: rules = [] }: LinuxResources,
): PlanRecord[] {
  if (rules.length === 0) return [];
  const cgroup = findCgroup(layout, cgroupsPath, 'devices');
  if (cgroup === undefined) throw missing(layout, 'devices', 'devices');
  return deviceRecords(cgroup, rules);
}

function mountOf(joined: readonly Hierarchy[]): CgroupPlan['mount'] {
  const unified = joined.some(({ version }) => version === 'v2');
  const legacy = joined
    .filter(({ version }) => version === 'v1')
    .map(({ controllers }) => controllers.join(','));
  if (legacy.length === 0) return unified ? { version: 'v2', names: [] } : undefined;
  return unified ? { version: 'hybrid', names: [...legacy, 'unified'] } : { version: 'v1', names: legacy };
}
