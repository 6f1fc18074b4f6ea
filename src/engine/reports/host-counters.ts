import { readFileSync } from 'node:fs';

/** USER_HZ, in which /proc counts, is 100 on every architecture that we know. */
const NS_PER_TICK = 1e9 / 100;

/** The time that all CPUs together have spent so far, in ns, and how many of them are online. */
export interface CpuTime {
  total: number;
  cpus: number;
}

/** Reads the time from proc_stat(5): user, nice, system, idle, iowait, irq and softirq, as Docker adds them up. */
export function readCpuTime(text = readFileSync('/proc/stat', 'latin1')): CpuTime {
  const fields = /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ').map(Number) ?? [];
  const ticks = fields.slice(0, 7).reduce((sum, value) => sum + value, 0);
  return { total: ticks * NS_PER_TICK, cpus: text.match(/^cpu\d/gm)?.length ?? 1 };
}

/** Bytes of all interfaces of a process's network but `lo` (proc_pid_net(5)); zeros when it is gone. */
export function readTraffic(pid: number): { received: number; sent: number } {
  try {
    return trafficOf(readFileSync(`/proc/${pid}/net/dev`, 'latin1'));
  } catch {
    return { received: 0, sent: 0 };
  }
}

export function trafficOf(text: string): { received: number; sent: number } {
  let [received, sent] = [0, 0];
  for (const [, name, counters = ''] of text.matchAll(/^ *([^:\s]+): *(.*)$/gm)) {
    if (name === 'lo') continue;
    const fields = counters.trim().split(/ +/).map(Number);
    received += fields[0] ?? 0;
    sent += fields[8] ?? 0;
  }
  return { received, sent };
}
