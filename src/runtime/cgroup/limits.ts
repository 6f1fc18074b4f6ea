import type { BlockIOSpec, LinuxResources, MemorySpec } from '../../oci/runtime-config.ts';
import type { PlanRecord } from '../record.ts';
import { checkCpuset } from './cpuset.ts';
import type { CgroupLayout } from './layout.ts';
import { type Controller, hierarchyOf, nameOn } from './paths.ts';
import { type Limit, missing, moveHint, needsController } from './refusals.ts';
import type { AskedLimits, CgroupFiles, Place } from './types.ts';
import { limitsV1 } from './v1.ts';
import { limitsV2 } from './v2.ts';
import { enableControllers, keepsFromDelegating } from './v2-controllers.ts';

/** Finds the place of a group's limits, for the limit that asks: throws `unsupported` when its controller is not usable. */
type PlaceOf = (controller: Controller, limit: Limit) => Place;

/** The limits that are asked for, and the files that tell what this host can honour. */
interface Asked {
  resources: LinuxResources;
  files: CgroupFiles;
}

/**
 * The writes that put limits into force, after those that hand v2 controllers down to the container. Throws
 * `unsupported`, naming the option and the controller, for a limit that this host cannot honour, and `invalid` for CPUs
 * and memory nodes that the cgroups above do not have.
 */
export function limitRecords(layout: CgroupLayout, cgroupsPath: string, asked: Asked): PlanRecord[] {
  return [...enableControllers(layout, cgroupsPath, asked), ...limitWrites(layout, cgroupsPath, asked)];
}

/**
 * Returns the writes that put limits into force, without handing controllers down: for a cgroup beside one for which
 * that was done. Throws as {@link limitRecords}.
 */
export function limitWrites(
  layout: CgroupLayout,
  cgroupsPath: string,
  { resources, files }: Asked,
): PlanRecord[] {
  const placeOf: PlaceOf = (controller, limit) => place(layout, cgroupsPath, { controller, limit, files });
  return limitsOf(resources).flatMap((asked) => {
    const target = { place: placeOf(asked.controller, asked.limit), files };
    if (asked.controller === 'cpuset') checkCpuset(asked.cpu, cgroupsPath, target);
    return (target.place.version === 'v1' ? limitsV1 : limitsV2)(asked, target);
  });
}

/** The controllers that limits ask for. */
export function limitedControllers(resources: LinuxResources): Controller[] {
  return limitsOf(resources).map(({ controller }) => controller);
}

function limitsOf({ memory, cpu, pids, blockIO }: LinuxResources): AskedLimits[] {
  const asked: AskedLimits[] = [];
  if (memory !== undefined) asked.push({ controller: 'memory', limit: firstOf(memory, MEMORY), memory });
  if (cpu !== undefined && hasAny(cpu, BANDWIDTH))
    asked.push({ controller: 'cpu', limit: firstOf(cpu, BANDWIDTH), cpu });
  if (cpu !== undefined && hasAny(cpu, CPUSET))
    asked.push({ controller: 'cpuset', limit: firstOf(cpu, CPUSET), cpu });
  if (pids !== undefined) asked.push({ controller: 'pids', limit: 'pids', pids });
  if (blockIO !== undefined) asked.push({ controller: 'blkio', limit: firstOf(blockIO, BLOCK_IO), blockIO });
  return asked;
}

const MEMORY: Readonly<Record<keyof MemorySpec, Limit>> = {
  limit: 'memory',
  reservation: 'reservation',
  swap: 'swap',
  swappiness: 'swappiness',
  disableOOMKiller: 'oomKill',
};

const BANDWIDTH = { quota: 'quota', period: 'period', shares: 'shares' } as const;
const CPUSET = { cpus: 'cpus', mems: 'mems' } as const;

const BLOCK_IO: Readonly<Record<keyof BlockIOSpec, Limit>> = {
  weight: 'weight',
  weightDevice: 'weightDevice',
  throttleReadBpsDevice: 'readBps',
  throttleWriteBpsDevice: 'writeBps',
  throttleReadIOPSDevice: 'readIops',
  throttleWriteIOPSDevice: 'writeIops',
};

function hasAny(spec: object, names: Readonly<Record<string, Limit>>): boolean {
  return Object.keys(names).some((name) => name in spec);
}

function firstOf(spec: object, names: Readonly<Record<string, Limit>>): Limit {
  const [, limit] = Object.entries(names).find(([name]) => name in spec) ?? [];
  return limit ?? (Object.values(names)[0] as Limit);
}

/** The container's directory where a controller lives; throws `unsupported` when it cannot be used. */
function place(
  layout: CgroupLayout,
  cgroupsPath: string,
  { controller, limit, files }: { controller: Controller; limit: Limit; files: CgroupFiles },
): Place {
  const hierarchy = hierarchyOf(layout, controller);
  if (hierarchy === undefined) throw missing(layout, controller, limit);
  const { version, directory, writable } = hierarchy;
  const name = nameOn(version, controller);
  if (!writable) {
    throw needsController(limit, name, {
      why: `${directory} is mounted read-only`,
      hint: 'inside of a container: start that one with --privileged',
    });
  }
  const crowded = keepsFromDelegating(hierarchy, cgroupsPath, { name, files });
  if (crowded !== undefined) {
    throw needsController(limit, name, {
      why: `processes in ${crowded} keep it from being handed down`,
      hint: moveHint(crowded),
    });
  }
  return { version, path: `${directory}${cgroupsPath}`, root: directory };
}
