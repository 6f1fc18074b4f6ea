import { describe, expect, it } from 'vitest';
import { readCpuTime, trafficOf } from '../../../../src/engine/reports/host-counters.ts';
import { cpuPercent } from '../../../../src/engine/reports/stats.ts';
import type { Cgroup } from '../../../../src/runtime/cgroup/paths.ts';
import { readUsage } from '../../../../src/runtime/cgroup/usage.ts';

const usage = (version: Cgroup['version'], files: Record<string, string>) =>
  readUsage(
    (controller) => ({ version, path: version === 'v1' ? `/${controller}` : '' }),
    (file) => files[file],
  );

describe('what a container uses', () => {
  it('is read from v1', () => {
    const files = {
      '/cpuacct/cpuacct.usage': '5000\n',
      '/memory/memory.usage_in_bytes': '1000\n',
      '/memory/memory.limit_in_bytes': '4096\n',
      '/memory/memory.stat': 'inactive_file 1\ntotal_inactive_file 300\n',
      '/blkio/blkio.bfq.io_service_bytes_recursive': 'Total 0\n',
      '/blkio/blkio.throttle.io_service_bytes_recursive':
        '8:0 Read 10\n8:0 Write 20\n8:0 Total 30\n8:16 Read 5\nTotal 35\n',
      '/pids/pids.current': '3\n',
    };
    expect(usage('v1', files)).toEqual({
      cpuTime: 5000,
      memory: 700,
      memoryLimit: 4096,
      read: 15,
      written: 20,
      pids: 3,
    });
  });

  it('is read from v2', () => {
    const files = {
      '/cpu.stat': 'usage_usec 5\nuser_usec 3\n',
      '/memory.current': '1000\n',
      '/memory.max': 'max\n',
      '/memory.stat': 'anon 1\ninactive_file 300\n',
      '/io.stat': '8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=5 wbytes=0\n',
      '/pids.current': '3\n',
    };
    expect(usage('v2', files)).toEqual({
      cpuTime: 5000,
      memory: 700,
      memoryLimit: undefined,
      read: 15,
      written: 20,
      pids: 3,
    });
  });

  it('is zero where nothing is counted', () => {
    expect(readUsage(() => undefined)).toMatchObject({ cpuTime: 0, memory: 0, read: 0, pids: 0 });
    expect(usage('v2', {})).toMatchObject({ cpuTime: 0, memory: 0, memoryLimit: undefined });
  });
});

describe('CPU %', () => {
  it('is the share of all CPUs times their number', () => {
    const before = readCpuTime('cpu  10 0 10 80 0 0 0 99 0 0\ncpu0 1\ncpu1 1\n');
    const now = readCpuTime('cpu  20 0 20 160 0 0 0 999 0 0\ncpu0 1\ncpu1 1\n');
    const elapsed = { total: now.total - before.total, cpus: now.cpus };
    expect(elapsed).toEqual({ total: 1e9, cpus: 2 });
    expect(cpuPercent({ cpuTime: 0 }, { cpuTime: 5e8 }, elapsed)).toBe(100);
    expect(cpuPercent(undefined, { cpuTime: 5e8 }, elapsed)).toBe(0);
    expect(cpuPercent({ cpuTime: 5 }, { cpuTime: 0 }, elapsed)).toBe(0);
  });
});

describe('network traffic', () => {
  it('is the sum of all interfaces but lo', () => {
    const text = [
      'Inter-|   Receive                                                |  Transmit',
      ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets',
      '    lo:     100       1    0    0    0     0          0         0      100       1    0',
      '  eth0:    1000       1    0    0    0     0          0         0     2000       1    0',
      '  eth1:10 1 0 0 0 0 0 0 20 1 0',
    ].join('\n');
    expect(trafficOf(text)).toEqual({ received: 1010, sent: 2020 });
  });
});
