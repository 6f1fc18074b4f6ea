import type { Counters, DeviceCount } from '../../runtime/cgroup/counters.ts';
import type { CounterSample } from './counters.ts';
import type { Carried, InterfaceTraffic } from './host-counters.ts';

const NO_TIME = '0001-01-01T00:00:00Z';
const NO_CPU = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
};

/** Docker's StatsResponse; `before` is what `precpu_stats` tells. That of a container that does not run tells nothing. */
export function statsResponse(now: CounterSample, before: CounterSample | undefined): object {
  const { running } = now;
  return {
    read: running === undefined ? NO_TIME : timeOf(now),
    preread: before?.running === undefined ? NO_TIME : timeOf(before),
    pids_stats: running === undefined ? {} : pidsStats(running.counters),
    blkio_stats: blockStats(running?.counters),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpuStats(now),
    precpu_stats: cpuStats(before),
    memory_stats: running === undefined ? {} : memoryStats(running.counters, running.host.memory),
    name: `/${now.name}`,
    id: now.id,
    ...networks(running?.interfaces ?? []),
  };
}

function timeOf({ time }: CounterSample): string {
  return new Date(Number(time / 1_000_000n)).toISOString();
}

function cpuStats(sample: CounterSample | undefined): object {
  if (sample?.running === undefined) return NO_CPU;
  const { counters, host } = sample.running;
  const { total, user, kernel, each, throttling } = counters.cpu;
  return {
    cpu_usage: {
      total_usage: total,
      ...(each === undefined ? {} : { percpu_usage: each }),
      usage_in_kernelmode: kernel,
      usage_in_usermode: user,
    },
    system_cpu_usage: host.total,
    online_cpus: host.cpus,
    throttling_data: {
      periods: throttling.periods,
      throttled_periods: throttling.throttled,
      throttled_time: throttling.time,
    },
  };
}

/** Without a limit it is the host's memory. */
function memoryStats({ memory }: Counters, host: number): object {
  const { usage, peak, failures, limit, stats } = memory;
  return {
    usage,
    ...(peak === undefined ? {} : { max_usage: peak }),
    stats,
    ...(failures === 0 ? {} : { failcnt: failures }),
    limit: Math.min(limit ?? host, host),
  };
}

function pidsStats({ pids }: Counters): object {
  return { current: pids.current, ...(pids.limit === undefined ? {} : { limit: pids.limit }) };
}

/** What kernels do not count any more is an empty list on v1, and null on v2. */
function blockStats(counters: Counters | undefined): object {
  const isV1 = counters?.version === 'v1';
  const none = isV1 ? [] : null;
  return {
    io_service_bytes_recursive: counters === undefined ? null : counters.blockIO.bytes.map(deviceCount),
    io_serviced_recursive: isV1 ? counters.blockIO.operations.map(deviceCount) : null,
    io_queue_recursive: none,
    io_service_time_recursive: none,
    io_wait_time_recursive: none,
    io_merged_recursive: none,
    io_time_recursive: none,
    sectors_recursive: none,
  };
}

function deviceCount({ major, minor, operation, value }: DeviceCount): object {
  return { major, minor, op: operation, value };
}

function networks(interfaces: readonly InterfaceTraffic[]): { networks?: object } {
  if (interfaces.length === 0) return {};
  const counted = interfaces.map(({ name, received, sent }) => [
    name,
    { ...side('rx', received), ...side('tx', sent) },
  ]);
  return { networks: Object.fromEntries(counted) };
}

function side(prefix: 'rx' | 'tx', { bytes, packets, errors, dropped }: Carried): object {
  return {
    [`${prefix}_bytes`]: bytes,
    [`${prefix}_packets`]: packets,
    [`${prefix}_errors`]: errors,
    [`${prefix}_dropped`]: dropped,
  };
}
