import { EngineError } from '../../errors.ts';
import type { LinuxResources } from '../../oci/runtime-config.ts';
import { readCgroupLayout } from '../../runtime/cgroup/layout.ts';
import { limitRecords } from '../../runtime/cgroup/limits.ts';
import { monitorUpdates } from '../../runtime/cgroup/monitor.ts';
import { HOST_FILES } from '../../runtime/cgroup/plan.ts';
import { performWrites } from '../../runtime/cgroup/update.ts';
import { requestRestartPolicy } from '../../runtime/monitor/client.ts';
import type { PlanRecord } from '../../runtime/record.ts';
import { linuxResources } from '../../runtime/spec/resources.ts';
import { appendContainerEvent } from '../events/journal.ts';
import { checkRestart } from '../options/check-restart.ts';
import type {
  ChangeableResources,
  CreateOptions,
  ResourceOptions,
  RestartPolicy,
} from '../options/create.ts';
import { cgroupsPathFor } from '../state/cgroup.ts';
import { changeContainer, inRun } from '../state/lock.ts';
import type { Observed } from '../state/observe.ts';
import { containerPaths } from '../store/container-paths.ts';
import { type ContainerRow, changeOptions } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { limitMonitor } from './limit-monitor.ts';

/** The options that `update` can change. */
export interface ContainerChanges extends ChangeableResources {
  restart?: RestartPolicy | undefined;
}

/**
 * Changes the limits and the restart policy of a container: of one that runs at once, and in its row for every later
 * start. As in Docker, what is absent or zero stays as it is, and where nothing is given all does. All together or nothing: what is refused, by
 * Docker's rules (`invalid`), by this host (`unsupported`) or by the kernel (`conflict`, `invalid`), leaves everything as
 * it was.
 */
export async function updateContainer(
  context: Context,
  row: ContainerRow,
  { restart, ...changes }: ContainerChanges,
): Promise<void> {
  if (restart !== undefined) checkRestart(restart, row, 'conflict');
  const change = (options: CreateOptions): CreateOptions => {
    const resources = mergeResources(options.resources, changes);
    return { ...options, resources, restart: restart ?? options.restart };
  };
  await changeContainer(context, row, {
    whenIdle: (current) => {
      // Refused now, and not at the next start: what this host cannot honour.
      recordsFor({ row: current }, linuxResources(change(current.options).resources, cpus), changes);
      changeOptions(context.database, current, change);
    },
    whenRunning: async (container) => {
      const limits = linuxResources(change(container.row.options).resources, cpus);
      const records = recordsFor(container, limits, changes);
      await limitMonitor(context, container, limits);
      // While it waits to be started again its cgroups stay, and are not made anew.
      performWrites([...records, ...monitorRecords(container, limits, changes)], () =>
        inRun(context, container, (current) => changeOptions(context.database, current, change)),
      );
      if (restart === undefined) return;
      const { name: policy, maximum = 0 } = restart;
      await requestRestartPolicy(containerPaths(context.paths, row.id).control, { policy, maximum });
    },
  });
  appendContainerEvent(context, row, 'update');
}

function cpus(): number {
  return process.getBuiltinModule('node:os').availableParallelism();
}

/**
 * Returns the limits of a container with the changes on top. Throws `conflict` for changes that Docker refuses because
 * of what is set already.
 */
export function mergeResources(current: ResourceOptions, changes: ChangeableResources): ResourceOptions {
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => isGiven(value)));
  checkWords(current, given);
  return { ...current, ...given, ...keptSwap(current, given) };
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== 0 && value !== '';
}

/** A CPU limit keeps the words in which it was first said. */
function checkWords(current: ResourceOptions, given: ChangeableResources): void {
  for (const name of ['cpuPeriod', 'cpuQuota'] as const) {
    if (given[name] !== undefined && current.nanoCpus) throw conflicting(name, 'nanoCpus');
    if (given.nanoCpus !== undefined && current[name]) throw conflicting('nanoCpus', name);
  }
}

const BANDWIDTH = {
  nanoCpus: { what: 'the number of CPUs', hint: '--cpus' },
  cpuPeriod: { what: 'the CPU period', hint: '--cpu-period' },
  cpuQuota: { what: 'the CPU quota', hint: '--cpu-quota' },
} as const;

function conflicting(name: keyof typeof BANDWIDTH, existing: keyof typeof BANDWIDTH): EngineError {
  const [{ what, hint }, set] = [BANDWIDTH[name], BANDWIDTH[existing]];
  return new EngineError('conflict', `${what} cannot be changed, as ${set.what} has been set already`, {
    subject: what,
    hint: `use ${set.hint} in the place of ${hint}`,
  });
}

/** The limit of memory and swap does not follow that of memory: Docker settles it when the container is made. */
function keptSwap(current: ResourceOptions, given: ChangeableResources): ResourceOptions {
  if (given.memory === undefined || given.memorySwap !== undefined) return {};
  const memorySwap = current.memorySwap || 2 * (current.memory ?? 0);
  if (memorySwap === -1 || given.memory <= memorySwap) return { memorySwap };
  throw new EngineError(
    'conflict',
    memorySwap === 0
      ? `the memory limit of ${given.memory} bytes needs one of memory and swap together, which has none yet`
      : `the memory limit of ${given.memory} bytes is above that of memory and swap together, ${memorySwap}`,
    { hint: 'give --memory-swap at the same time; -1 means unlimited' },
  );
}

function recordsFor(
  { row }: Pick<Observed, 'row'>,
  limits: LinuxResources,
  changes: ChangeableResources,
): PlanRecord[] {
  const asked = { resources: changedLimits(limits, changes), files: HOST_FILES };
  return limitRecords(readCgroupLayout(), cgroupsPathFor(row), asked);
}

/** Returns the writes that put the changed limits into force for the monitor, whose cgroups are there by now. */
function monitorRecords(
  { row }: Pick<Observed, 'row'>,
  limits: LinuxResources,
  changes: ChangeableResources,
): PlanRecord[] {
  const asked = { resources: changedLimits(limits, changes), files: HOST_FILES };
  return monitorUpdates(readCgroupLayout(), cgroupsPathFor(row), asked);
}

/**
 * Returns those limits that a change touches, together with what the kernel has in the same file. Where no limit is
 * left the kernel has to be told so (-1): what is absent from a spec is only not written.
 */
export function changedLimits(limits: LinuxResources, changes: ChangeableResources): LinuxResources {
  const { memory = {}, cpu = {}, blockIO = {}, pids } = limits;
  const isBandwidth = isGiven(changes.nanoCpus) || isGiven(changes.cpuQuota) || isGiven(changes.cpuPeriod);
  const quota = (changes.cpuQuota ?? 0) < 0 ? -1 : cpu.quota;
  return compact({
    memory: {
      ...(isGiven(changes.memory) || isGiven(changes.memorySwap) ? pick(memory, ['limit', 'swap']) : {}),
      ...(isGiven(changes.memoryReservation) ? pick(memory, ['reservation']) : {}),
    },
    cpu: {
      ...(isBandwidth ? { ...pick(cpu, ['period']), ...(quota === undefined ? {} : { quota }) } : {}),
      ...(isGiven(changes.cpuShares) ? pick(cpu, ['shares']) : {}),
      ...(isGiven(changes.cpusetCpus) ? pick(cpu, ['cpus']) : {}),
      ...(isGiven(changes.cpusetMems) ? pick(cpu, ['mems']) : {}),
    },
    ...(isGiven(changes.pidsLimit) ? { pids: pids ?? { limit: -1 } } : {}),
    ...(isGiven(changes.blkioWeight) ? { blockIO: pick(blockIO, ['weight']) } : {}),
  });
}

function pick<Spec extends object>(spec: Spec, names: readonly (keyof Spec)[]): Partial<Spec> {
  const entries = names.filter((name) => name in spec).map((name) => [name, spec[name]]);
  return Object.fromEntries(entries) as Partial<Spec>;
}

/** Removes the groups that are empty. */
function compact<Spec extends object>(spec: Spec): Spec {
  const entries = Object.entries(spec).filter(
    ([, value]) => typeof value !== 'object' || Object.keys(value).length > 0,
  );
  return Object.fromEntries(entries) as Spec;
}
