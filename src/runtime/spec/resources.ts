import { EngineError } from '../../errors.ts';
import type {
  BlockIOSpec,
  CpuSpec,
  LinuxResources,
  MemorySpec,
  ThrottleSpec,
} from '../../oci/runtime-config.ts';
import { missingIds, parseIdList } from '../cgroup/id-list.ts';
import type { DeviceAmount, ResourceOptions } from '../options.ts';
import { RESOURCE_HOST, type ResourceHost } from './resource-host.ts';

/** Docker's floor: below it not even the start of a container is certain to fit. */
const MINIMUM_MEMORY = 6 * 1024 * 1024;
const CPU_PERIOD_US = 100_000;

/** The kernel's own bounds (cgroup-v1/sched); what is beyond them it would clip without a word. */
const SHARES = { least: 2, most: 262_144 };

/**
 * Limits as the runtime spec words them, with Docker's arithmetic: as much swap as memory on top of it, and a CPU
 * quota for every 100 ms. Zero means no limit, and so does a negative number of tasks. Throws `invalid` for what
 * Docker refuses, `notFound` for a device that is not there. `cpus` is the number of CPUs that skiff may use; it and
 * `host` are asked only about what somebody wants limited.
 */
export function linuxResources(
  options: ResourceOptions,
  cpus: () => number,
  host: ResourceHost = RESOURCE_HOST,
): LinuxResources {
  const { pidsLimit } = options;
  return {
    ...group('memory', memorySpec(options)),
    ...group('cpu', { ...bandwidth(options, cpus), ...cpusets(options, host) }),
    ...(pidsLimit !== undefined && pidsLimit > 0 ? { pids: { limit: pidsLimit } } : {}),
    ...group('blockIO', blockIO(options, host)),
  };
}

/** A group of which nothing is limited is left out. */
function group<Name extends 'memory' | 'cpu' | 'blockIO', Spec extends object>(name: Name, spec: Spec) {
  return Object.keys(spec).length === 0 ? {} : { [name]: spec };
}

function memorySpec(options: ResourceOptions): MemorySpec {
  const { memory, memoryReservation, memorySwappiness, oomKillDisable } = options;
  checkMemory(options);
  return {
    ...(memory ? { limit: memory, swap: options.memorySwap || 2 * memory } : {}),
    ...(memoryReservation ? { reservation: memoryReservation } : {}),
    ...(memorySwappiness === undefined || memorySwappiness === -1 ? {} : { swappiness: memorySwappiness }),
    ...(oomKillDisable === true ? { disableOOMKiller: true } : {}),
  };
}

/** Checks limits of memory by Docker's rules, in its order. */
function checkMemory({
  memory = 0,
  memoryReservation = 0,
  memorySwap = 0,
  memorySwappiness = -1,
}: ResourceOptions): void {
  if (memory !== 0 && memory < MINIMUM_MEMORY)
    throw invalid(`a memory limit of ${memory} bytes is below the minimum of 6MB`);
  if (memorySwap < -1) throw invalid(`${memorySwap} is no limit of memory and swap: -1 means unlimited`);
  if (memory > 0 && memorySwap > 0 && memorySwap < memory) {
    throw invalid(
      `the limit of memory and swap together, ${memorySwap} bytes, is below the memory limit of ${memory}`,
      { hint: '--memory-swap counts both: give at least as much as with --memory' },
    );
  }
  if (memory === 0 && memorySwap > 0) {
    throw invalid(`memory and swap cannot be limited to ${memorySwap} bytes without a memory limit`, {
      hint: 'give --memory, too',
    });
  }
  if (memorySwappiness < -1 || memorySwappiness > 100)
    throw invalid(`a memory swappiness of ${memorySwappiness} is not between 0 and 100`);
  if (memoryReservation !== 0 && memoryReservation < MINIMUM_MEMORY)
    throw invalid(`a memory reservation of ${memoryReservation} bytes is below the minimum of 6MB`);
  if (memory > 0 && memoryReservation > memory) {
    throw invalid(
      `the memory reservation of ${memoryReservation} bytes is above the memory limit of ${memory}`,
      {
        hint: 'a reservation is what is left to the container when memory is short: give less than with --memory',
      },
    );
  }
}

function bandwidth(options: ResourceOptions, cpus: () => number): CpuSpec {
  const { nanoCpus, cpuShares, cpuQuota, cpuPeriod } = options;
  checkBandwidth(options);
  const shares = cpuShares ? { shares: cpuShares } : {};
  if (nanoCpus) {
    const quota = Math.round((checkedCpus(nanoCpus, cpus()) * CPU_PERIOD_US) / 1e9);
    return { ...shares, quota, period: CPU_PERIOD_US };
  }
  return {
    ...shares,
    ...(cpuQuota && cpuQuota > 0 ? { quota: cpuQuota } : {}),
    ...(cpuPeriod ? { period: cpuPeriod } : {}),
  };
}

function checkBandwidth({ nanoCpus = 0, cpuShares = 0, cpuQuota = 0, cpuPeriod = 0 }: ResourceOptions): void {
  if (nanoCpus !== 0 && cpuPeriod !== 0)
    throw conflict('period', { hint: 'leave --cpus or --cpu-period out' });
  if (nanoCpus !== 0 && cpuQuota > 0) throw conflict('quota', { hint: 'leave --cpus or --cpu-quota out' });
  if (cpuPeriod !== 0 && (cpuPeriod < 1000 || cpuPeriod > 1_000_000))
    throw invalid(`a CPU period of ${cpuPeriod} µs is not between 1000 (1 ms) and 1000000 (1 s)`);
  if (cpuQuota > 0 && cpuQuota < 1000)
    throw invalid(`a CPU quota of ${cpuQuota} µs is below the minimum of 1000 (1 ms)`);
  if (cpuShares !== 0 && (cpuShares < SHARES.least || cpuShares > SHARES.most))
    throw invalid(`${cpuShares} CPU shares are not between ${SHARES.least} and ${SHARES.most}`);
}

function conflict(other: string, details: { hint: string }): EngineError {
  return invalid(
    `a number of CPUs and a CPU ${other} say the same in different words: they cannot be used together`,
    details,
  );
}

function checkedCpus(nanoCpus: number, cpus: number): number {
  if (nanoCpus >= 1e7 && nanoCpus <= cpus * 1e9) return nanoCpus;
  throw invalid(
    `${nanoCpus / 1e9} CPUs cannot be given: range of CPUs is from 0.01 to ${cpus}.00, ` +
      `as there are only ${cpus} CPUs available`,
  );
}

function cpusets({ cpusetCpus, cpusetMems }: ResourceOptions, host: ResourceHost): CpuSpec {
  return {
    ...(cpusetCpus ? { cpus: checkedIds(cpusetCpus, { what: 'CPUs', online: host.onlineCpus }) } : {}),
    ...(cpusetMems
      ? { mems: checkedIds(cpusetMems, { what: 'memory nodes', online: host.memoryNodes }) }
      : {}),
  };
}

function checkedIds(text: string, { what, online }: { what: string; online: () => string }): string {
  const ids = parseIdList(text);
  if (ids === undefined) {
    throw invalid(`"${text}" is not a list of ${what}`, {
      subject: text,
      hint: 'write numbers and ranges, as in 0-3,8',
    });
  }
  const available = online().trim();
  const missing = missingIds(ids, parseIdList(available) ?? []);
  if (missing.length === 0) return text;
  throw invalid(`${what} ${missing.join(',')} are not available: this host has ${available}`, {
    subject: text,
  });
}

function blockIO(options: ResourceOptions, host: ResourceHost): BlockIOSpec {
  const { blkioWeight, blkioWeightDevices = [] } = options;
  if (blkioWeight) checkWeight(blkioWeight);
  for (const { amount } of blkioWeightDevices) if (amount !== 0) checkWeight(amount);
  const weights = blkioWeightDevices.map(({ path, amount }) => ({
    ...host.blockDevice(path),
    weight: amount,
  }));
  return {
    ...(blkioWeight ? { weight: blkioWeight } : {}),
    ...(weights.length === 0 ? {} : { weightDevice: weights }),
    ...throttle('throttleReadBpsDevice', options.readBps, host),
    ...throttle('throttleWriteBpsDevice', options.writeBps, host),
    ...throttle('throttleReadIOPSDevice', options.readIops, host),
    ...throttle('throttleWriteIOPSDevice', options.writeIops, host),
  };
}

function checkWeight(weight: number): void {
  if (weight < 10 || weight > 1000)
    throw invalid(`a block I/O weight of ${weight} is not between 10 and 1000`);
}

function throttle(name: keyof BlockIOSpec, amounts: DeviceAmount[] = [], host: ResourceHost): BlockIOSpec {
  if (amounts.length === 0) return {};
  const rates = amounts.map(({ path, amount }): ThrottleSpec => {
    const device = host.blockDevice(path);
    if (amount >= 0) return { ...device, rate: amount };
    throw invalid(`${amount} is no rate for ${path}`, { subject: path });
  });
  return { [name]: rates };
}

function invalid(message: string, details: { subject?: string; hint?: string } = {}): EngineError {
  return new EngineError('invalid', message, details);
}
