import { describe, expect, it } from 'vitest';
import type { CounterSample } from '../../../../src/engine/reports/counters.ts';
import { statsResponse } from '../../../../src/engine/reports/stats-response.ts';
import { readCounters } from '../../../../src/runtime/cgroup/counters.ts';
import type { Cgroup } from '../../../../src/runtime/cgroup/paths.ts';

function sampled(version: Cgroup['version'], files: Record<string, string>): CounterSample {
  const counters = readCounters(
    (controller) => ({ version, path: version === 'v1' ? `/${controller}` : '' }),
    (file) => files[file],
  );
  const received = { bytes: 1, packets: 2, errors: 3, dropped: 4 };
  const sent = { bytes: 5, packets: 6, errors: 7, dropped: 8 };
  return {
    id: 'abc',
    name: 'web',
    time: 1_000_000_000_000_000_000n,
    running: {
      counters,
      host: { total: 900, cpus: 2, memory: 8192 },
      interfaces: [{ name: 'eth0', received, sent }],
    },
  };
}

describe('the statistics of a container', () => {
  it('are those of v1', () => {
    const now = sampled('v1', {
      '/cpuacct/cpuacct.usage': '5000\n',
      '/cpuacct/cpuacct.usage_percpu': '2000 3000 \n',
      '/cpuacct/cpuacct.stat': 'user 1\nsystem 2\n',
      '/cpu/cpu.stat': 'nr_periods 3\nnr_throttled 2\nthrottled_time 70\n',
      '/memory/memory.usage_in_bytes': '1000\n',
      '/memory/memory.max_usage_in_bytes': '2000\n',
      '/memory/memory.failcnt': '4\n',
      '/memory/memory.limit_in_bytes': '9223372036854771712\n',
      '/memory/memory.stat': 'cache 1\ntotal_inactive_file 300\n',
      '/pids/pids.current': '3\n',
      '/pids/pids.max': 'max\n',
      '/blkio/blkio.bfq.io_service_bytes_recursive': 'Total 0\n',
      '/blkio/blkio.throttle.io_service_bytes_recursive': '8:0 Read 10\n8:0 Total 10\nTotal 10\n',
      '/blkio/blkio.throttle.io_serviced_recursive': '8:0 Read 1\nTotal 1\n',
    });
    expect(statsResponse(now, undefined)).toEqual({
      read: '2001-09-09T01:46:40.000Z',
      preread: '0001-01-01T00:00:00Z',
      pids_stats: { current: 3 },
      blkio_stats: {
        io_service_bytes_recursive: [
          { major: 8, minor: 0, op: 'Read', value: 10 },
          { major: 8, minor: 0, op: 'Total', value: 10 },
        ],
        io_serviced_recursive: [{ major: 8, minor: 0, op: 'Read', value: 1 }],
        io_queue_recursive: [],
        io_service_time_recursive: [],
        io_wait_time_recursive: [],
        io_merged_recursive: [],
        io_time_recursive: [],
        sectors_recursive: [],
      },
      num_procs: 0,
      storage_stats: {},
      cpu_stats: {
        cpu_usage: {
          total_usage: 5000,
          percpu_usage: [2000, 3000],
          usage_in_kernelmode: 20_000_000,
          usage_in_usermode: 10_000_000,
        },
        system_cpu_usage: 900,
        online_cpus: 2,
        throttling_data: { periods: 3, throttled_periods: 2, throttled_time: 70 },
      },
      precpu_stats: {
        cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
        throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
      },
      memory_stats: {
        usage: 1000,
        max_usage: 2000,
        stats: { cache: 1, total_inactive_file: 300 },
        failcnt: 4,
        limit: 8192,
      },
      name: '/web',
      id: 'abc',
      networks: {
        eth0: {
          rx_bytes: 1,
          rx_packets: 2,
          rx_errors: 3,
          rx_dropped: 4,
          tx_bytes: 5,
          tx_packets: 6,
          tx_errors: 7,
          tx_dropped: 8,
        },
      },
    });
  });

  it('are those of v2, beside what was before', () => {
    const now = sampled('v2', {
      '/cpu.stat':
        'usage_usec 5\nuser_usec 3\nsystem_usec 2\nnr_periods 3\nnr_throttled 1\nthrottled_usec 7\n',
      '/memory.current': '1000\n',
      '/memory.max': '4096\n',
      '/memory.events': 'max 9\noom 2\noom_kill 1\n',
      '/memory.stat': 'anon 1\ninactive_file 300\n',
      '/io.stat': '8:0 rbytes=10 wbytes=20 rios=1 wios=2\n',
      '/pids.current': '3\n',
      '/pids.max': '50\n',
    });
    expect(statsResponse(now, now)).toMatchObject({
      preread: '2001-09-09T01:46:40.000Z',
      pids_stats: { current: 3, limit: 50 },
      blkio_stats: {
        io_service_bytes_recursive: [
          { major: 8, minor: 0, op: 'read', value: 10 },
          { major: 8, minor: 0, op: 'write', value: 20 },
        ],
        io_serviced_recursive: null,
        sectors_recursive: null,
      },
      precpu_stats: {
        cpu_usage: { total_usage: 5000, usage_in_kernelmode: 2000, usage_in_usermode: 3000 },
        throttling_data: { periods: 3, throttled_periods: 1, throttled_time: 7000 },
      },
      memory_stats: { usage: 1000, stats: { anon: 1, inactive_file: 300 }, failcnt: 2, limit: 4096 },
    });
  });

  it('say nothing of one that does not run', () => {
    const { id, name, time } = sampled('v2', {});
    const stopped = statsResponse({ id, name, time }, undefined);
    expect(stopped).toMatchObject({ read: '0001-01-01T00:00:00Z', pids_stats: {}, memory_stats: {} });
    expect(stopped).not.toHaveProperty('networks');
  });
});
