import { EngineError } from '../errors.ts';
import type { LinuxResources } from '../oci/runtime-config.ts';
import type { ResourceOptions } from './options.ts';

/** Docker's floor: below it not even the start of a container is certain to fit. */
const MINIMUM_MEMORY = 6 * 1024 * 1024;
const CPU_PERIOD_US = 100_000;

/**
 * Limits as the runtime spec words them, with Docker's arithmetic: as much swap as memory on top of it, and a CPU
 * quota for every 100 ms. Zero means no limit, and so does a negative number of tasks. Throws `invalid` for what
 * Docker refuses. `cpus` is the number of CPUs that skiff may use.
 */
export function linuxResources(
  { memory, nanoCpus, pidsLimit }: ResourceOptions,
  cpus: () => number,
): LinuxResources {
  const resources: LinuxResources = {};
  if (memory) resources.memory = { limit: checkedMemory(memory), swap: 2 * memory };
  if (nanoCpus) {
    const quota = Math.round((checkedCpus(nanoCpus, cpus()) * CPU_PERIOD_US) / 1e9);
    resources.cpu = { quota, period: CPU_PERIOD_US };
  }
  if (pidsLimit !== undefined && pidsLimit > 0) resources.pids = { limit: pidsLimit };
  return resources;
}

function checkedMemory(memory: number): number {
  if (memory >= MINIMUM_MEMORY) return memory;
  throw new EngineError('invalid', `a memory limit of ${memory} bytes is below the minimum of 6MB`);
}

function checkedCpus(nanoCpus: number, cpus: number): number {
  if (nanoCpus >= 1e7 && nanoCpus <= cpus * 1e9) return nanoCpus;
  throw new EngineError(
    'invalid',
    `${nanoCpus / 1e9} CPUs cannot be given: range of CPUs is from 0.01 to ${cpus}.00, ` +
      `as there are only ${cpus} CPUs available`,
  );
}
