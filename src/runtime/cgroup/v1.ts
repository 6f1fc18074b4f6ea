import type { BlockIOSpec, CpuSpec, MemorySpec } from '../../oci/runtime-config.ts';
import type { PlanRecord } from '../record.ts';
import { requireBfq } from './block-scheduler.ts';
import { ancestors } from './paths.ts';
import { cannotBeHonoured } from './refusals.ts';
import type { AskedLimits, CgroupFiles, Place } from './types.ts';

interface Target {
  place: Place;
  files: CgroupFiles;
}

/** The writes of one group of limits on v1 (kernel's admin-guide/cgroup-v1). */
export function limitsV1(asked: AskedLimits, target: Target): PlanRecord[] {
  const { path } = target.place;
  switch (asked.controller) {
    case 'memory':
      return memory(asked.memory, target);
    case 'cpu':
      return cpu(asked.cpu, path);
    case 'cpuset':
      return cpuset(asked.cpu, path);
    case 'pids':
      return [['write', `${path}/pids.max`, asked.pids.limit < 0 ? 'max' : String(asked.pids.limit)]];
    case 'blkio':
      return blockIO(asked.blockIO, target);
  }
}

function memory(spec: MemorySpec, { place, files }: Target): PlanRecord[] {
  const { limit, reservation, swappiness, disableOOMKiller } = spec;
  const { path } = place;
  const limits: PlanRecord[] =
    limit === undefined ? [] : [['write', `${path}/memory.limit_in_bytes`, String(limit)]];
  const swap = swapRecords(spec, { place, files });
  return [
    ...(swapFirst(spec, { place, files }) ? [...swap, ...limits] : [...limits, ...swap]),
    ...numbers(path, {
      'memory.soft_limit_in_bytes': reservation,
      'memory.swappiness': swappiness,
      'memory.oom_control': disableOOMKiller === true ? 1 : undefined,
    }),
  ];
}

/**
 * Limits memory and swap together, where the kernel accounts for swap. The limit that Docker adds by itself, as much
 * swap as memory, is a favour; one that was asked for is a must.
 */
function swapRecords({ limit, swap }: MemorySpec, { place, files }: Target): PlanRecord[] {
  if (swap === undefined) return [];
  const name = 'memory.memsw.limit_in_bytes';
  const isFavour = swap === -1 || (limit !== undefined && swap === 2 * limit);
  if (!isFavour && !files.exists(`${place.root}/${name}`)) {
    throw cannotBeHonoured('swap', 'this kernel does not account for swap', 'boot with swapaccount=1');
  }
  return [[isFavour ? 'write-optional' : 'write', `${place.path}/${name}`, String(swap)]];
}

/**
 * The kernel refuses a memory limit above that of memory and swap together. A container that runs has limits already: the
 * higher one must make room first. A new one has none, and its directory is not there to be read.
 */
function swapFirst({ swap }: MemorySpec, { place, files }: Target): boolean {
  const current = swap === undefined ? undefined : files.read(`${place.path}/memory.limit_in_bytes`);
  return current !== undefined && (swap === -1 || Number(swap) >= Number(current));
}

function cpu({ shares, quota, period }: CpuSpec, path: string): PlanRecord[] {
  return numbers(path, {
    'cpu.shares': shares,
    'cpu.cfs_period_us': period,
    'cpu.cfs_quota_us': quota,
  });
}

function cpuset({ cpus, mems }: CpuSpec, path: string): PlanRecord[] {
  return [
    ...(cpus === undefined ? [] : ([['write', `${path}/cpuset.cpus`, cpus]] as const)),
    ...(mems === undefined ? [] : ([['write', `${path}/cpuset.mems`, mems]] as const)),
  ];
}

/**
 * A new v1 cpuset is empty and takes no process: each level takes over what its parent has. The helper leaves alone what
 * somebody has set up already; what is limited for the container itself is written afterwards.
 */
export function cpusetInheritance(root: string, cgroupsPath: string): PlanRecord[] {
  const levels = [...ancestors(root, cgroupsPath), `${root}${cgroupsPath}`];
  return levels.slice(1).flatMap((directory, index) => inheritCpuset(levels[index] ?? root, directory));
}

/** Lets one level of v1 cpusets take over what its parent has. */
export function inheritCpuset(parent: string, directory: string): PlanRecord[] {
  return ['cpuset.cpus', 'cpuset.mems'].map(
    (name): PlanRecord => ['copy-value', `${parent}/${name}`, `${directory}/${name}`],
  );
}

function blockIO(spec: BlockIOSpec, { place, files }: Target): PlanRecord[] {
  const { path } = place;
  return [
    ...weights(spec, { place, files }),
    ...THROTTLES.flatMap(([name, file]) =>
      (spec[name] ?? []).map(
        ({ major, minor, rate }): PlanRecord => [
          'write',
          `${path}/blkio.throttle.${file}`,
          `${major}:${minor} ${rate}`,
        ],
      ),
    ),
  ];
}

const THROTTLES = [
  ['throttleReadBpsDevice', 'read_bps_device'],
  ['throttleWriteBpsDevice', 'write_bps_device'],
  ['throttleReadIOPSDevice', 'read_iops_device'],
  ['throttleWriteIOPSDevice', 'write_iops_device'],
] as const;

function weights({ weight, weightDevice = [] }: BlockIOSpec, { place, files }: Target): PlanRecord[] {
  if (weight === undefined && weightDevice.length === 0) return [];
  const prefix = weightPrefix(place.root, files);
  if (prefix === undefined) {
    throw cannotBeHonoured(
      weight === undefined ? 'weightDevice' : 'weight',
      'this kernel has no scheduler of block I/O that weighs',
      'modprobe bfq may help',
    );
  }
  if (prefix === BFQ) requireBfq(weightDevice, files);
  return [
    ...numbers(place.path, { [`${prefix}.weight`]: weight }),
    ...weightDevice.map(
      ({ major, minor, weight: amount }): PlanRecord => [
        'write',
        `${place.path}/${prefix}.weight_device`,
        `${major}:${minor} ${amount}`,
      ],
    ),
  ];
}

const BFQ = 'blkio.bfq';

/** BFQ gives the weights to children only, and counters to the root, too; before Linux 5.0 there was CFQ. */
function weightPrefix(root: string, { exists }: CgroupFiles): string | undefined {
  if (exists(`${root}/blkio.bfq.io_service_bytes`)) return BFQ;
  return exists(`${root}/blkio.weight`) ? 'blkio' : undefined;
}

function numbers(path: string, values: Readonly<Record<string, number | undefined>>): PlanRecord[] {
  return Object.entries(values).flatMap(([name, value]): PlanRecord[] =>
    value === undefined ? [] : [['write', `${path}/${name}`, String(value)]],
  );
}
