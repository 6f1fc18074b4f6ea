import { readText } from '../../host/read-text.ts';
import type { Cgroup, Controller } from './paths.ts';

/** One count of block I/O of one device. */
export interface DeviceCount {
  major: number;
  minor: number;
  /** `Read`, `Write` and so on, as v1 has them; on v2 `read` and `write`. */
  operation: string;
  value: number;
}

/** What the kernel counts of a cgroup, one by one. Undefined: it does not count that. Times in ns, sizes in bytes. */
export interface Counters {
  version: 'v1' | 'v2';
  cpu: {
    total: number;
    user: number;
    kernel: number;
    /** Of each CPU; v1 alone knows. */
    each: readonly number[] | undefined;
    throttling: { periods: number; throttled: number; time: number };
  };
  memory: {
    usage: number;
    /** The most so far. */
    peak: number | undefined;
    /** How often the limit was hit, on v2: how often the kernel killed for it. */
    failures: number;
    limit: number | undefined;
    /** The lines of memory.stat. */
    stats: Readonly<Record<string, number>>;
  };
  pids: { current: number; limit: number | undefined };
  blockIO: { bytes: readonly DeviceCount[]; operations: readonly DeviceCount[] };
}

type Read = (file: string) => string | undefined;

/** USER_HZ, in which cpuacct.stat of v1 counts, is 100 on every architecture that we know. */
const NS_PER_TICK = 1e9 / 100;
const NS_PER_US = 1000;

/** Reads all that is counted of a container; zero and empty for what its host does not count. */
export function readCounters(
  cgroupOf: (controller: Controller) => Cgroup | undefined,
  read: Read = readText,
): Counters {
  const of = (controller: Controller) => {
    const cgroup = cgroupOf(controller);
    return {
      version: cgroup?.version,
      text: (file: string) => (cgroup === undefined ? undefined : read(`${cgroup.path}/${file}`)),
    };
  };
  const memory = of('memory');
  return {
    version: memory.version ?? of('cpuacct').version ?? 'v2',
    cpu: cpuCounters(of('cpuacct'), of('cpu')),
    memory: memoryCounters(memory),
    pids: pidsCounters(of('pids')),
    blockIO: blockCounters(of('blkio')),
  };
}

interface Files {
  version: 'v1' | 'v2' | undefined;
  text: Read;
}

function cpuCounters({ version, text }: Files, cpu: Files): Counters['cpu'] {
  const limits = lines(cpu.text('cpu.stat'));
  const throttling = {
    periods: limits['nr_periods'] ?? 0,
    throttled: limits['nr_throttled'] ?? 0,
    time: limits['throttled_time'] ?? (limits['throttled_usec'] ?? 0) * NS_PER_US,
  };
  if (version === 'v1') {
    const used = lines(text('cpuacct.stat'));
    return {
      total: Number(text('cpuacct.usage') ?? 0),
      user: (used['user'] ?? 0) * NS_PER_TICK,
      kernel: (used['system'] ?? 0) * NS_PER_TICK,
      each: text('cpuacct.usage_percpu')?.trim().split(/\s+/).map(Number),
      throttling,
    };
  }
  const used = lines(text('cpu.stat'));
  const time = (name: string) => (used[name] ?? 0) * NS_PER_US;
  return {
    total: time('usage_usec'),
    user: time('user_usec'),
    kernel: time('system_usec'),
    each: undefined,
    throttling,
  };
}

function memoryCounters({ version, text }: Files): Counters['memory'] {
  const stats = lines(text('memory.stat'));
  if (version === 'v1') {
    return {
      usage: Number(text('memory.usage_in_bytes') ?? 0),
      peak: number(text('memory.max_usage_in_bytes')),
      failures: Number(text('memory.failcnt') ?? 0),
      limit: number(text('memory.limit_in_bytes')),
      stats,
    };
  }
  return {
    usage: Number(text('memory.current') ?? 0),
    peak: undefined,
    failures: lines(text('memory.events'))['oom'] ?? 0,
    limit: number(text('memory.max')),
    stats,
  };
}

function pidsCounters({ text }: Files): Counters['pids'] {
  return { current: Number(text('pids.current') ?? 0), limit: number(text('pids.max')) };
}

/** On v1 whichever scheduler or throttle has counted: BFQ counts only what it schedules itself. */
function blockCounters({ version, text }: Files): Counters['blockIO'] {
  if (version === 'v2') {
    const io = text('io.stat') ?? '';
    const count = (read: string, write: string) => [...deviceCounts(io, { read, write })];
    return { bytes: count('rbytes', 'wbytes'), operations: count('rios', 'wios') };
  }
  const counted = (what: string) =>
    ['bfq', 'throttle']
      .map((by) => operationCounts(text(`blkio.${by}.${what}_recursive`) ?? ''))
      .find((counts) => counts.length > 0) ?? [];
  return { bytes: counted('io_service_bytes'), operations: counted('io_serviced') };
}

/** Lines such as `8:0 rbytes=10 wbytes=20`. */
function* deviceCounts(
  text: string,
  names: Readonly<Record<'read' | 'write', string>>,
): Generator<DeviceCount> {
  for (const [, major, minor, rest = ''] of text.matchAll(/^(\d+):(\d+) (.*)$/gm)) {
    for (const operation of ['read', 'write'] as const) {
      const value = Number(new RegExp(`(?:^| )${names[operation]}=(\\d+)`).exec(rest)?.[1] ?? 0);
      yield { major: Number(major), minor: Number(minor), operation, value };
    }
  }
}

/** Lines such as `8:0 Read 10`. */
function operationCounts(text: string): DeviceCount[] {
  return [...text.matchAll(/^(\d+):(\d+) (\w+) (\d+)$/gm)].map(([, major, minor, operation = '', value]) => ({
    major: Number(major),
    minor: Number(minor),
    operation,
    value: Number(value),
  }));
}

/** Lines of a name and a number. */
function lines(text: string | undefined): Record<string, number> {
  const found = [...(text ?? '').matchAll(/^(\w+) (\d+)$/gm)];
  return Object.fromEntries(found.map(([, name, value]) => [name, Number(value)]));
}

/** Undefined for `max`. */
function number(text: string | undefined): number | undefined {
  const value = Number(text ?? Number.NaN);
  return Number.isNaN(value) ? undefined : value;
}
