import { existsSync, readFileSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { statusOf } from '../../host/named-path.ts';

/** The facts about the host that limits depend on. Each is asked for only when something is limited by it. */
export interface ResourceHost {
  /** Lists the CPUs that are online, as cpuset(7) does: `0-3`. */
  onlineCpus: () => string;
  memoryNodes: () => string;
  /** The numbers of a block device; throws `notFound` or `invalid`, naming the path. */
  blockDevice: (path: string) => { major: number; minor: number };
}

export const RESOURCE_HOST: ResourceHost = {
  onlineCpus: () => readFileSync('/sys/devices/system/cpu/online', 'latin1'),
  // Kernels without NUMA have one node and no list.
  memoryNodes: () => {
    const list = '/sys/devices/system/node/online';
    return existsSync(list) ? readFileSync(list, 'latin1') : '0';
  },
  blockDevice: (path) => {
    const device = numbersOf(path);
    if (!existsSync(`/sys/dev/block/${device.major}:${device.minor}/partition`)) return device;
    throw new EngineError('invalid', `${path} is a partition: the kernel limits whole disks only`, {
      subject: path,
      hint: 'name the disk that it is on',
    });
  },
};

function numbersOf(path: string): { major: number; minor: number } {
  const stat = statusOf(path);
  if (stat === undefined)
    throw new EngineError('notFound', `there is no device ${path} on this host`, { subject: path });
  if (!stat.isBlockDevice())
    throw new EngineError('invalid', `${path} is not a block device`, { subject: path });
  return deviceNumbers(stat.rdev);
}

/** makedev(3) of glibc, backwards: major and minor are interleaved in 64 bits. */
export function deviceNumbers(rdev: number): { major: number; minor: number } {
  const device = BigInt(rdev);
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}
