import type { Command } from 'commander';
import type { ChangeableResources, ResourceOptions } from '../../engine/options/create.ts';
import {
  parseDeviceOperations,
  parseDeviceRate,
  parseDeviceWeight,
  parseSwap,
} from '../../grammar/amounts.ts';
import { parseCpus } from '../../grammar/cpus.ts';
import { parseSize } from '../../grammar/size.ts';
import { integer, listOf } from '../../grammar/words.ts';
import { addMembers, type GivenFlags, type MemberFlags, membersOf } from '../options/members.ts';

/** The flags of limits that can be changed while a container runs. */
const UPDATABLE: MemberFlags<ChangeableResources> = {
  memory: ['-m, --memory <size>', 'memory limit in bytes, or with k, m, g', parseSize],
  memoryReservation: ['--memory-reservation <size>', 'memory that it keeps when others need some', parseSize],
  memorySwap: ['--memory-swap <size>', 'limit of memory and swap together; -1 for no limit', parseSwap],
  nanoCpus: ['--cpus <number>', 'how many CPUs it may use, as in 0.5', parseCpus],
  cpuShares: ['-c, --cpu-shares <number>', 'its weight when CPUs are short; 1024 is average', integer],
  cpuQuota: ['--cpu-quota <µs>', 'how long it may run in each period; -1 for no limit', integer],
  cpuPeriod: ['--cpu-period <µs>', 'the length of a period', integer],
  cpusetCpus: ['--cpuset-cpus <list>', 'the CPUs that it may use, as in 0-3,8'],
  cpusetMems: ['--cpuset-mems <list>', 'the memory nodes that it may use'],
  pidsLimit: [
    '--pids-limit <number>',
    'how many processes and threads it may have; -1 for no limit',
    integer,
  ],
  blkioWeight: ['--blkio-weight <number>', 'its share of block I/O, 10 to 1000', integer],
};

const ALL: MemberFlags<ResourceOptions> = {
  ...UPDATABLE,
  memorySwappiness: [
    '--memory-swappiness <number>',
    'how readily its memory is swapped, 0 to 100 (cgroup v1)',
    integer,
  ],
  oomKillDisable: [
    '--oom-kill-disable',
    'let it wait instead of killing when its memory is used up (cgroup v1)',
  ],
  blkioWeightDevices: [
    '--blkio-weight-device <path:weight>',
    'share of the block I/O of one device (repeatable)',
    listOf(parseDeviceWeight),
  ],
  readBps: ['--device-read-bps <path:rate>', 'bytes per second, as in /dev/sda:1mb', listOf(parseDeviceRate)],
  writeBps: ['--device-write-bps <path:rate>', 'the same for writing', listOf(parseDeviceRate)],
  readIops: ['--device-read-iops <path:rate>', 'operations per second', listOf(parseDeviceOperations)],
  writeIops: ['--device-write-iops <path:rate>', 'the same for writing', listOf(parseDeviceOperations)],
  cgroupParent: ['--cgroup-parent <path>', 'the cgroup that its own is made in, as in /team/a'],
};

/** Adds the options that limit a new container. */
export function addResourceOptions(command: Command): void {
  addMembers(command.optionsGroup('Resources:'), ALL);
}

/** Adds the options for limits that can be changed while a container runs. */
export function addUpdatableOptions(command: Command): void {
  addMembers(command.optionsGroup('Resources:'), UPDATABLE);
}

/** Reads the options for limits that can be changed. */
export function changedResources(given: GivenFlags): ChangeableResources {
  return membersOf(UPDATABLE, given);
}

export function resourceOptions(given: GivenFlags): ResourceOptions {
  return membersOf(ALL, given);
}
