import { totalmem } from 'node:os';
import { type Counters, readCounters } from '../../runtime/cgroup/counters.ts';
import { readCgroupLayout } from '../../runtime/cgroup/layout.ts';
import { cgroupOf } from '../state/cgroup.ts';
import { observeAnew } from '../state/observe.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { type CpuTime, type InterfaceTraffic, readCpuTime, readInterfaces } from './host-counters.ts';
import { INTERVAL_MS, pause } from './stats.ts';

/** All that was counted of a container at one time. */
export interface CounterSample {
  id: string;
  name: string;
  /** ns since the epoch. */
  time: bigint;
  /** Undefined: it does not run. */
  running?: {
    counters: Counters;
    host: CpuTime & { memory: number };
    /** Empty with the host's network, which is not the container's. */
    interfaces: readonly InterfaceTraffic[];
  };
}

/** Samples of one container, at once and one second apart, until it is removed or the signal is given. */
export async function* watchCounters(
  context: Context,
  { id }: ContainerRow,
  signal?: AbortSignal,
): AsyncGenerator<CounterSample> {
  const layout = readCgroupLayout();
  do {
    const observed = await observeAnew(context, id);
    if (observed === undefined) return;
    const { row, status } = observed;
    const common = { id, name: row.name, time: BigInt(Date.now()) * 1_000_000n };
    if (status.state !== 'running') yield common;
    else {
      const counters = readCounters((controller) => cgroupOf(row, controller, layout));
      const isOwn = row.options.namespaces.network !== 'host';
      yield {
        ...common,
        running: {
          counters,
          host: { ...readCpuTime(), memory: totalmem() },
          interfaces: isOwn ? readInterfaces(status.record.init.pid) : [],
        },
      };
    }
  } while (await pause(INTERVAL_MS, signal));
}
