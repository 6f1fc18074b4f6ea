import { readText } from '../../host/read-text.ts';
import type { Cgroup, Controller } from './paths.ts';

/** The resources that a cgroup's processes use, as the kernel counts them. */
export interface Usage {
  /** ns of CPU since the start. */
  cpuTime: number;
  /** Bytes, without those of files that nobody has touched lately (inactive_file). */
  memory: number;
  /** Bytes; undefined when there is no limit. */
  memoryLimit: number | undefined;
  /** Bytes of block devices. */
  read: number;
  written: number;
  /** Processes and threads. */
  pids: number;
}

type Read = (file: string) => string | undefined;

/** Reads what a container uses; zero for what its host does not count. */
export function readUsage(
  cgroupOf: (controller: Controller) => Cgroup | undefined,
  read: Read = readText,
): Usage {
  const inCgroup = <Value>(
    controller: Controller,
    of: (cgroup: Cgroup, read: Read) => Value,
    none: Value,
  ) => {
    const cgroup = cgroupOf(controller);
    return cgroup === undefined ? none : of(cgroup, read);
  };
  return {
    cpuTime: inCgroup('cpuacct', cpuTime, 0),
    ...inCgroup('memory', memory, { memory: 0, memoryLimit: undefined }),
    ...inCgroup('blkio', blockIO, { read: 0, written: 0 }),
    pids: inCgroup('pids', pids, 0),
  };
}

function cpuTime({ version, path }: Cgroup, read: Read): number {
  if (version === 'v1') return Number(read(`${path}/cpuacct.usage`) ?? 0);
  return 1000 * field(read(`${path}/cpu.stat`), 'usage_usec');
}

function memory({ version, path }: Cgroup, read: Read): Pick<Usage, 'memory' | 'memoryLimit'> {
  const [current, limit, inactive] =
    version === 'v1'
      ? ['memory.usage_in_bytes', 'memory.limit_in_bytes', 'total_inactive_file']
      : ['memory.current', 'memory.max', 'inactive_file'];
  const used = Number(read(`${path}/${current}`) ?? 0);
  const unused = field(read(`${path}/memory.stat`), inactive);
  const maximum = Number(read(`${path}/${limit}`) ?? Number.NaN);
  return {
    memory: unused < used ? used - unused : used,
    memoryLimit: Number.isNaN(maximum) ? undefined : maximum,
  };
}

/**
 * Reads the bytes of block I/O. On v1 whichever scheduler or throttle has counted them; BFQ counts only what it
 * schedules itself.
 */
function blockIO({ version, path }: Cgroup, read: Read): Pick<Usage, 'read' | 'written'> {
  if (version === 'v2') {
    const text = read(`${path}/io.stat`);
    return { read: sum(text, /\brbytes=(\d+)/g), written: sum(text, /\bwbytes=(\d+)/g) };
  }
  const files = ['blkio.bfq.io_service_bytes_recursive', 'blkio.throttle.io_service_bytes_recursive'];
  const text = files.map((name) => read(`${path}/${name}`)).find((one) => /^\d+:\d+ /m.test(one ?? ''));
  return { read: sum(text, /^\S+ Read (\d+)$/gm), written: sum(text, /^\S+ Write (\d+)$/gm) };
}

function pids({ path }: Cgroup, read: Read): number {
  return Number(read(`${path}/pids.current`) ?? 0);
}

/** The number behind `name ` at the beginning of a line; 0 when there is none. */
function field(text: string | undefined, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text ?? '')?.[1] ?? 0);
}

function sum(text: string | undefined, pattern: RegExp): number {
  return [...(text ?? '').matchAll(pattern)].reduce((total, [, value]) => total + Number(value), 0);
}
