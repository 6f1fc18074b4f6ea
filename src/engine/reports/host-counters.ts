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

/** What an interface has carried. */
export interface Carried {
  bytes: number;
  packets: number;
  errors: number;
  dropped: number;
}

export interface InterfaceTraffic {
  name: string;
  received: Carried;
  sent: Carried;
}

/** Bytes of all interfaces of a process's network but `lo`; zeros when it is gone. */
export function readTraffic(pid: number): { received: number; sent: number } {
  return sumOf(readInterfaces(pid));
}

/** The interfaces of a process's network but `lo` (proc_pid_net(5)); none when it is gone. */
export function readInterfaces(pid: number): InterfaceTraffic[] {
  try {
    return interfacesOf(readFileSync(`/proc/${pid}/net/dev`, 'latin1'));
  } catch {
    return [];
  }
}

export function trafficOf(text: string): { received: number; sent: number } {
  return sumOf(interfacesOf(text));
}

function sumOf(interfaces: readonly InterfaceTraffic[]): { received: number; sent: number } {
  const sum = (side: 'received' | 'sent') => interfaces.reduce((total, one) => total + one[side].bytes, 0);
  return { received: sum('received'), sent: sum('sent') };
}

function interfacesOf(text: string): InterfaceTraffic[] {
  const found: InterfaceTraffic[] = [];
  for (const [, name = '', counters = ''] of text.matchAll(/^ *([^:\s]+): *(.*)$/gm)) {
    if (name === 'lo') continue;
    const fields = counters.trim().split(/ +/).map(Number);
    found.push({ name, received: carried(fields.slice(0, 4)), sent: carried(fields.slice(8, 12)) });
  }
  return found;
}

function carried([bytes = 0, packets = 0, errors = 0, dropped = 0]: readonly number[]): Carried {
  return { bytes, packets, errors, dropped };
}
