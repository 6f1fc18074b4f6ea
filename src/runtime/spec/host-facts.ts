import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { statusOf } from '../../host/named-path.ts';
import { readText } from '../../host/read-text.ts';
import { type AppArmorState, DOCKER_PROFILE, OWN_PROFILE } from './lsm.ts';
import { deviceNumbers } from './resource-host.ts';

/** The facts about the host that a spec depends on. Those that only some options need are functions. */
export interface HostFacts {
  /** Directories of sysfs to be masked, one for each CPU that has one. */
  thermalThrottlePaths: readonly string[];
  /** How many CPUs skiff may use. */
  cpus: () => number;
  /** How many open files this process could allow itself: a limit that only CAP_SYS_RESOURCE exceeds. */
  openFiles: number;
  /** Returns this process's hard limit of the resource with this number (getrlimit(2)); infinite when it has no limit. */
  hardLimit: (resource: number) => number;
  /** Whether this process may exceed its hard limits: CAP_SYS_RESOURCE. */
  exceedsLimits: () => boolean;
  /** The OOM score adjustment of this process, and so of the processes that it starts: -1000 to 1000. */
  oomScoreAdj: number;
  /** Device rules can be enforced, by the devices controller of v1 or by a program on v2. */
  deviceControl: boolean;
  /** A container that may write to its cgroups has its limits all the same. */
  keepsLimits: boolean;
  apparmor: AppArmorState;
  selinux: () => boolean;
  devices: HostDevices;
}

/** Looks at the host's /dev. */
export interface HostDevices {
  /** Returns the node that a path leads to, links followed; undefined: none. */
  at: (path: string) => HostNode | undefined;
  /** The names in a directory, sorted; links among them are links, not what they lead to. */
  list: (directory: string) => { name: string; type: 'directory' | 'link' | 'other' }[];
}

export type HostNode =
  | { kind: 'device'; type: 'c' | 'b'; major: number; minor: number; mode: number; uid: number; gid: number }
  | { kind: 'directory' }
  | { kind: 'other' };

/**
 * The facts of this host; costs two small files of /proc, and two failing looks at sysfs on most virtual machines.
 * What depends on the cgroups of the host the caller knows.
 */
export function readHostFacts({
  deviceControl,
  keepsLimits,
}: Pick<HostFacts, 'deviceControl' | 'keepsLimits'>): HostFacts {
  return {
    thermalThrottlePaths: thermalThrottlePaths(),
    cpus: () => process.getBuiltinModule('node:os').availableParallelism(),
    openFiles: hardLimit(OPEN_FILES),
    hardLimit,
    exceedsLimits: () => (effectiveCapabilities() >> SYS_RESOURCE) % 2n === 1n,
    oomScoreAdj: Number(readText('/proc/self/oom_score_adj') ?? 0),
    deviceControl,
    keepsLimits,
    apparmor: readAppArmor(),
    selinux: () => existsSync('/sys/fs/selinux/enforce'),
    devices: { at: nodeAt, list: listDirectory },
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

/** RLIMIT_NOFILE. */
const OPEN_FILES = 7;

/** proc_pid_limits(5): a heading, then a line for each resource in the order of their numbers: name, soft, hard, unit. */
function hardLimit(resource: number): number {
  const line = readText('/proc/self/limits')?.split('\n')[resource + 1] ?? '';
  const hard = /\s{2,}\S+\s+(\d+)/.exec(line)?.[1];
  return hard === undefined ? Number.POSITIVE_INFINITY : Number(hard);
}

/** The number of CAP_SYS_RESOURCE. */
const SYS_RESOURCE = 24n;

function effectiveCapabilities(): bigint {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readText('/proc/self/status') ?? '')?.[1];
  return BigInt(`0x${mask ?? '0'}`);
}

/** The kernel's list of AppArmor profiles, in lines of `NAME (MODE)`. */
export const PROFILE_LIST = '/sys/kernel/security/apparmor/profiles';

/**
 * Looks which of the usual profiles of containers this kernel has. Its list can be read by root only, and where
 * securityfs is mounted; a kernel without AppArmor costs one failing look.
 */
export function readAppArmor(): AppArmorState {
  const parameter = '/sys/module/apparmor/parameters/enabled';
  // Asked first, as it is ten times cheaper than a read that fails.
  if (!existsSync(parameter) || readText(parameter)?.startsWith('Y') !== true) return 'off';
  return bestProfile(readText(PROFILE_LIST));
}

/** Returns the better one of the usual profiles in the text of a kernel's list. */
export function bestProfile(list: string | undefined): Exclude<AppArmorState, 'off'> {
  if (list === undefined) return 'unseen';
  const has = (name: string) => list.startsWith(`${name} (`) || list.includes(`\n${name} (`);
  if (has(OWN_PROFILE)) return 'own';
  return has(DOCKER_PROFILE) ? 'docker-default' : 'none';
}

function nodeAt(path: string): HostNode | undefined {
  const stat = statusOf(path);
  if (stat === undefined) return undefined;
  if (stat.isDirectory()) return { kind: 'directory' };
  if (!stat.isCharacterDevice() && !stat.isBlockDevice()) return { kind: 'other' };
  const { rdev, mode, uid, gid } = stat;
  const type = stat.isBlockDevice() ? 'b' : 'c';
  return { kind: 'device', type, ...deviceNumbers(rdev), mode: mode & 0o7777, uid, gid };
}

function listDirectory(directory: string): ReturnType<HostDevices['list']> {
  const names = readdirSync(directory).sort();
  return names.map((name) => {
    const stat = lstatSync(`${directory}/${name}`, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) return { name, type: 'link' };
    return { name, type: stat?.isDirectory() ? 'directory' : 'other' };
  });
}
