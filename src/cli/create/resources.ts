import type { Command } from 'commander';
import type { DeviceAmount, ResourceOptions } from '../../engine/options/create.ts';
import { parseDeviceOperations, parseDeviceRate, parseDeviceWeight, parseSwap } from '../parse/amounts.ts';
import { parseCpus } from '../parse/cpus.ts';
import { parseSize } from '../parse/size.ts';
import { integer, listOf } from '../parse/words.ts';

export interface ResourceFlags {
  memory?: number;
  memoryReservation?: number;
  memorySwap?: number;
  memorySwappiness?: number;
  oomKillDisable?: boolean;
  cpus?: number;
  cpuShares?: number;
  cpuQuota?: number;
  cpuPeriod?: number;
  cpusetCpus?: string;
  cpusetMems?: string;
  pidsLimit?: number;
  blkioWeight?: number;
  blkioWeightDevice?: DeviceAmount[];
  deviceReadBps?: DeviceAmount[];
  deviceWriteBps?: DeviceAmount[];
  deviceReadIops?: DeviceAmount[];
  deviceWriteIops?: DeviceAmount[];
  cgroupParent?: string;
}

/** What a new container may use. */
export function addResourceOptions(command: Command): void {
  addUpdatableOptions(command);
  command
    .option(
      '--memory-swappiness <number>',
      'how readily its memory is swapped, 0 to 100 (cgroup v1)',
      integer,
    )
    .option('--oom-kill-disable', 'let it wait instead of killing when its memory is used up (cgroup v1)')
    .option(
      '--blkio-weight-device <path:weight>',
      'share of the block I/O of one device (repeatable)',
      listOf(parseDeviceWeight),
    )
    .option('--device-read-bps <path:rate>', 'bytes per second, as in /dev/sda:1mb', listOf(parseDeviceRate))
    .option('--device-write-bps <path:rate>', 'the same for writing', listOf(parseDeviceRate))
    .option('--device-read-iops <path:rate>', 'operations per second', listOf(parseDeviceOperations))
    .option('--device-write-iops <path:rate>', 'the same for writing', listOf(parseDeviceOperations))
    .option('--cgroup-parent <path>', 'the cgroup that its own is made in, as in /team/a');
}

/** What can be changed while a container runs. */
export function addUpdatableOptions(command: Command): void {
  command
    .optionsGroup('Resources:')
    .option('-m, --memory <size>', 'memory limit in bytes, or with k, m, g', parseSize)
    .option('--memory-reservation <size>', 'memory that it keeps when others need some', parseSize)
    .option('--memory-swap <size>', 'limit of memory and swap together; -1 for no limit', parseSwap)
    .option('--cpus <number>', 'how many CPUs it may use, as in 0.5', parseCpus)
    .option('-c, --cpu-shares <number>', 'its weight when CPUs are short; 1024 is average', integer)
    .option('--cpu-quota <µs>', 'how long it may run in each period; -1 for no limit', integer)
    .option('--cpu-period <µs>', 'the length of a period', integer)
    .option('--cpuset-cpus <list>', 'the CPUs that it may use, as in 0-3,8')
    .option('--cpuset-mems <list>', 'the memory nodes that it may use')
    .option('--pids-limit <number>', 'how many processes and threads it may have; -1 for no limit', integer)
    .option('--blkio-weight <number>', 'its share of block I/O, 10 to 1000', integer);
}

export function resourceOptions(flags: ResourceFlags): ResourceOptions {
  return {
    memory: flags.memory,
    memoryReservation: flags.memoryReservation,
    memorySwap: flags.memorySwap,
    memorySwappiness: flags.memorySwappiness,
    oomKillDisable: flags.oomKillDisable,
    nanoCpus: flags.cpus,
    cpuShares: flags.cpuShares,
    cpuQuota: flags.cpuQuota,
    cpuPeriod: flags.cpuPeriod,
    cpusetCpus: flags.cpusetCpus,
    cpusetMems: flags.cpusetMems,
    pidsLimit: flags.pidsLimit,
    blkioWeight: flags.blkioWeight,
    blkioWeightDevices: flags.blkioWeightDevice,
    readBps: flags.deviceReadBps,
    writeBps: flags.deviceWriteBps,
    readIops: flags.deviceReadIops,
    writeIops: flags.deviceWriteIops,
    cgroupParent: flags.cgroupParent,
  };
}
