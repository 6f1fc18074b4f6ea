import type { LinuxResources } from '../../oci/runtime-config.ts';
import type { PlanRecord } from '../record.ts';
import type { CgroupLayout, Hierarchy } from './layout.ts';
import { ancestors, isJoined } from './paths.ts';
import type { CgroupFiles } from './types.ts';

/** The controllers that statistics need: they are switched on as a favour, whatever is limited. */
const FOR_STATISTICS = ['memory', 'cpu', 'pids', 'io'];

/**
 * Hands controllers down every level above a v2 container (`cgroup.subtree_control`) where they are off still: as a must
 * for limits, as a favour for statistics.
 */
export function enableControllers(
  layout: CgroupLayout,
  cgroupsPath: string,
  { resources, files }: { resources: LinuxResources; files: CgroupFiles },
): PlanRecord[] {
  const hierarchy = layout.hierarchies.find((one) => one.version === 'v2' && isJoined(one, layout));
  if (hierarchy?.unified === undefined) return [];
  const musts = controllersOf(resources);
  const names = [...new Set([...FOR_STATISTICS, ...musts])].filter((name) =>
    hierarchy.controllers.includes(name),
  );
  return ancestors(hierarchy.directory, cgroupsPath).flatMap((directory) => {
    const { enabled, delegates } = levelOf(hierarchy, directory, files);
    if (!delegates) return [];
    const off = names.filter((name) => !enabled.includes(name));
    const file = `${directory}/cgroup.subtree_control`;
    return off.map(
      (name): PlanRecord => [musts.includes(name) ? 'write' : 'write-optional', file, `+${name}`],
    );
  });
}

function controllersOf({ memory, cpu, pids, blockIO }: LinuxResources): string[] {
  const hasSet = cpu?.cpus !== undefined || cpu?.mems !== undefined;
  const hasBandwidth = cpu?.quota !== undefined || cpu?.period !== undefined || cpu?.shares !== undefined;
  return [
    ...(memory === undefined ? [] : ['memory']),
    ...(hasBandwidth ? ['cpu'] : []),
    ...(hasSet ? ['cpuset'] : []),
    ...(pids === undefined ? [] : ['pids']),
    ...(blockIO === undefined ? [] : ['io']),
  ];
}

/**
 * The directory above a container whose processes keep a controller from being handed down ("no internal processes",
 * kernel's cgroup-v2.rst); undefined when nothing does, as always on v1.
 */
export function keepsFromDelegating(
  hierarchy: Hierarchy,
  cgroupsPath: string,
  { name, files }: { name: string; files: CgroupFiles },
): string | undefined {
  if (hierarchy.unified === undefined) return undefined;
  return ancestors(hierarchy.directory, cgroupsPath).find((directory) => {
    const { enabled, delegates } = levelOf(hierarchy, directory, files);
    return !delegates && !enabled.includes(name);
  });
}

/**
 * Returns what one level hands down, and whether it can. The root's is known already; other levels are read, and a
 * level that is still to be made has nothing.
 */
function levelOf(
  { directory: root, unified }: Hierarchy,
  directory: string,
  { read }: CgroupFiles,
): { enabled: readonly string[]; delegates: boolean } {
  if (directory === root && unified !== undefined) return unified;
  const words = (file: string): string[] => (read(`${directory}/${file}`) ?? '').split(/\s+/).filter(Boolean);
  return { enabled: words('cgroup.subtree_control'), delegates: words('cgroup.procs').length === 0 };
}
