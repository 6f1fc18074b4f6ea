import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** What a spec depends on besides the container's options. */
export interface HostFacts {
  /** Directories of sysfs to be masked, one for each CPU that has one. */
  thermalThrottlePaths: readonly string[];
  /** How many CPUs skiff may use; asked only when a limit is. */
  cpus: () => number;
  /** How many open files this process could allow itself: a limit that only CAP_SYS_RESOURCE exceeds. */
  openFiles: number;
}

/** The facts of this host; costs one failing look at sysfs on most virtual machines. */
export function readHostFacts(): HostFacts {
  return {
    thermalThrottlePaths: thermalThrottlePaths(),
    cpus: () => process.getBuiltinModule('node:os').availableParallelism(),
    openFiles: hardOpenFiles(),
  };
}

/**
 * The counters of thermal throttling of this host's CPUs, a side channel that Docker masks (GHSA-6fw5-f8r9-fgfm).
 * Most virtual machines have none: one failing look at the first CPU, and no list of all.
 */
export function thermalThrottlePaths(cpuDirectory = '/sys/devices/system/cpu'): string[] {
  if (!existsSync(`${cpuDirectory}/cpu0/thermal_throttle`)) return [];
  return readdirSync(cpuDirectory)
    .filter((name) => /^cpu\d+$/.test(name))
    .map((name) => `${cpuDirectory}/${name}/thermal_throttle`);
}

/** From a line of proc_pid_limits(5): name, soft limit, hard limit, unit. */
function hardOpenFiles(): number {
  const hard = /^Max open files +\S+ +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
  return hard === undefined ? Number.POSITIVE_INFINITY : Number(hard);
}
