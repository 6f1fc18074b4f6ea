import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** What a spec depends on besides the container's options. */
export interface HostFacts {
  /** Directories of sysfs to be masked, one for each CPU that has one. */
  thermalThrottlePaths: readonly string[];
  /** How many CPUs skiff may use. */
  cpus: number;
}

/** The facts of this host; costs one failing look at sysfs on most virtual machines. */
export function readHostFacts(): HostFacts {
  return { thermalThrottlePaths: thermalThrottlePaths(), cpus: availableParallelism() };
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
