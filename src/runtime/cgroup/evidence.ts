import { readText } from '../../host/read-text.ts';
import type { Cgroup, Controller } from './paths.ts';

/**
 * The kernel's counters of what slowed, refused or killed a container's processes so far; the exit record keeps them in
 * the end.
 */
export interface CgroupEvidence {
  oomKills: number;
  /** Bytes; undefined where the kernel does not say (v2 before 5.19). */
  memoryPeak: number | undefined;
  throttled: { periods: number; microseconds: number } | undefined;
  pidsRefused: number;
}

type Read = (file: string) => string | undefined;

/** Reads the counters of a running container's cgroups; zero for what its host does not count. */
export function readEvidence(
  cgroupOf: (controller: Controller) => Cgroup | undefined,
  read: Read = readText,
): CgroupEvidence {
  const text = (controller: Controller, v1: string, v2: string) => {
    const cgroup = cgroupOf(controller);
    return cgroup && read(`${cgroup.path}/${cgroup.version === 'v1' ? v1 : v2}`);
  };
  const peak = Number(text('memory', 'memory.max_usage_in_bytes', 'memory.peak') ?? 0);
  const cpu = text('cpu', 'cpu.stat', 'cpu.stat');
  const periods = counter(cpu, 'nr_throttled');
  // v1 counts ns, v2 µs.
  const microseconds = counter(cpu, 'throttled_usec') || Math.round(counter(cpu, 'throttled_time') / 1000);
  return {
    oomKills: counter(text('memory', 'memory.oom_control', 'memory.events'), 'oom_kill'),
    memoryPeak: peak > 0 ? peak : undefined,
    throttled: periods > 0 ? { periods, microseconds } : undefined,
    pidsRefused: counter(text('pids', 'pids.events', 'pids.events'), 'max'),
  };
}

function counter(text: string | undefined, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text ?? '')?.[1] ?? 0);
}
