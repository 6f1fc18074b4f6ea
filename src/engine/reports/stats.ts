import { totalmem } from 'node:os';
import type { CgroupLayout } from '../../runtime/cgroup/layout.ts';
import { readCgroupLayout } from '../../runtime/cgroup/layout.ts';
import { readUsage, type Usage } from '../../runtime/cgroup/usage.ts';
import { cgroupOf } from '../state/cgroup.ts';
import { type Observed, observe } from '../state/observe.ts';
import { allContainers, type ContainerRow, findContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { type CpuTime, readCpuTime, readTraffic } from './host-counters.ts';

/** The resources that a container uses, as `docker stats` counts them. Bytes; zeros for one that does not run. */
export interface ContainerStats {
  id: string;
  name: string;
  /** Percent of one CPU: two that are busy are 200. */
  cpuPercent: number;
  /** The memory without the pages of files that nobody has touched lately. */
  memory: number;
  /** The host's memory when there is no limit. */
  memoryLimit: number;
  memoryPercent: number;
  /** The bytes on all interfaces but `lo`; zero with the host's network, which is not the container's. */
  received: number;
  sent: number;
  read: number;
  written: number;
  /** Processes and threads. */
  pids: number;
}

export interface StatsRequest {
  /** Names or ids; empty: all that run, those too that start meanwhile. */
  names: readonly string[];
  /** Whether containers that do not run are shown, too, when none is named. */
  all: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * The interval of measurements, as Docker's: a shorter one would make CPU % jump, as clock ticks are what the host
 * counts in.
 */
export const INTERVAL_MS = 1000;

/**
 * Pictures of what containers use, one second apart; the first comes after a second, as CPU % is a difference. Ends when
 * the signal is given or none of the named containers is left. Throws `notFound` for a name at once.
 */
export async function* watchStats(context: Context, request: StatsRequest): AsyncGenerator<ContainerStats[]> {
  const ids = request.names.map((name) => findContainer(context.database, name).id);
  const layout = readCgroupLayout();
  let before = await sample(context, { request, ids, layout });
  while (await pause(INTERVAL_MS, request.signal)) {
    const now = await sample(context, { request, ids, layout });
    if (ids.length > 0 && now.containers.size === 0) return;
    yield [...now.containers.values()].map((one) => {
      const earlier = before.containers.get(one.row.id);
      return statsOf(one, { earlier, elapsed: elapsedBetween(before.host, now.host) });
    });
    before = now;
  }
}

/** False when the signal was given first. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  if (signal?.aborted) return false;
  return await new Promise((resolve) => {
    const stop = (): void => finish(false);
    const timer = setTimeout(() => finish(true), ms);
    const finish = (goOn: boolean): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      resolve(goOn);
    };
    signal?.addEventListener('abort', stop);
  });
}

interface Sampled {
  row: ContainerRow;
  /** The usage; undefined when the container does not run. */
  usage: Usage | undefined;
  traffic: { received: number; sent: number };
}

interface Sample {
  host: CpuTime;
  containers: Map<string, Sampled>;
}

async function sample(
  context: Context,
  { request, ids, layout }: { request: StatsRequest; ids: readonly string[]; layout: CgroupLayout },
): Promise<Sample> {
  const all = allContainers(context.database);
  const named = ids.flatMap((id) => all.filter((row) => row.id === id));
  const containers = new Map<string, Sampled>();
  const host = readCpuTime();
  for (const row of ids.length > 0 ? named : all) {
    const observed = await observe(context, row);
    if (observed === undefined) continue;
    const isWanted = ids.length > 0 || request.all || observed.status.state === 'running';
    if (isWanted) containers.set(row.id, sampleOne(observed, layout));
  }
  return { host, containers };
}

function sampleOne({ row, status }: Observed, layout: CgroupLayout): Sampled {
  if (status.state !== 'running') return { row, usage: undefined, traffic: { received: 0, sent: 0 } };
  const usesHostNetwork = row.options.namespaces.network === 'host';
  return {
    row,
    usage: readUsage((controller) => cgroupOf(row, controller, layout)),
    traffic: usesHostNetwork ? { received: 0, sent: 0 } : readTraffic(status.record.init.pid),
  };
}

interface Elapsed {
  /** Nanoseconds of all CPUs together. */
  total: number;
  cpus: number;
}

function elapsedBetween(before: CpuTime, now: CpuTime): Elapsed {
  return { total: now.total - before.total, cpus: now.cpus };
}

function statsOf(
  { row, usage, traffic }: Sampled,
  { earlier, elapsed }: { earlier: Sampled | undefined; elapsed: Elapsed },
): ContainerStats {
  const host = totalmem();
  const limit = usage === undefined ? 0 : Math.min(usage.memoryLimit ?? host, host);
  const memory = usage?.memory ?? 0;
  return {
    id: row.id,
    name: row.name,
    cpuPercent: cpuPercent(earlier?.usage, usage, elapsed),
    memory,
    memoryLimit: limit,
    memoryPercent: limit === 0 ? 0 : (100 * memory) / limit,
    ...traffic,
    read: usage?.read ?? 0,
    written: usage?.written ?? 0,
    pids: usage?.pids ?? 0,
  };
}

/** The container's share of what all CPUs have had, times their number: Docker's formula. */
export function cpuPercent(
  before: Pick<Usage, 'cpuTime'> | undefined,
  now: Pick<Usage, 'cpuTime'> | undefined,
  { total, cpus }: Elapsed,
): number {
  const used = before === undefined || now === undefined ? 0 : now.cpuTime - before.cpuTime;
  return total > 0 && used > 0 ? (used / total) * cpus * 100 : 0;
}
