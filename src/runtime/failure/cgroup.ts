import { LIMITS, type Limit, moveHint } from '../cgroup/refusals.ts';
import type { Failure, Words } from './words.ts';

/** The limits that a file of a cgroup holds, by the beginning of its name on v1 or v2. */
const FILES: readonly (readonly [file: string, limit: Limit])[] = [
  ['memory.memsw', 'swap'],
  ['memory.swap.', 'swap'],
  ['memory.limit', 'memory'],
  ['memory.max', 'memory'],
  ['memory.soft_limit', 'reservation'],
  ['memory.low', 'reservation'],
  ['memory.swappiness', 'swappiness'],
  ['memory.oom_control', 'oomKill'],
  ['cpu.shares', 'shares'],
  ['cpu.weight', 'shares'],
  ['cpu.cfs_quota', 'quota'],
  ['cpu.cfs_period', 'period'],
  ['cpu.max', 'quota'],
  ['cpuset.cpus', 'cpus'],
  ['cpuset.mems', 'mems'],
  ['pids.max', 'pids'],
  ['blkio.throttle.read_bps', 'readBps'],
  ['blkio.throttle.write_bps', 'writeBps'],
  ['blkio.throttle.read_iops', 'readIops'],
  ['blkio.throttle.write_iops', 'writeIops'],
  ['blkio.', 'weight'],
  ['io.max', 'rates'],
  ['io.', 'weight'],
];

/** Explains why a cgroup could not be made, or its files written: the detail is the directory or the file. */
export function explainCgroup(failure: Failure): Partial<Words> {
  const { reason, detail } = failure;
  if (/\/devices\.[^/]*$/.test(detail)) return explainDeviceRules(failure);
  const limit = limitOf(detail);
  const words = explainCode(failure, limit);
  if (limit === undefined) return { ...words, message: `cannot set up the cgroup: ${detail}: ${reason}` };
  const { what, hint: option } = LIMITS[limit];
  const hint = words.hint === undefined ? `see ${option}` : `${option}: ${words.hint}`;
  return { ...words, message: `cannot apply the ${what}: ${detail}: ${reason}`, hint };
}

function explainCode(
  { code, detail }: Failure,
  limit: Limit | undefined,
): Pick<Partial<Words>, 'kind' | 'hint'> {
  // The kernel's word for a v1 set that its parent does not have.
  if (code === 'EACCES' && isCpuset(detail))
    return { kind: 'invalid', hint: `the kernel refuses this value${valueHint(detail)}` };
  switch (code) {
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return {
        kind: 'denied',
        hint: 'cgroups cannot be written here: inside of a container, start that one with --privileged',
      };
    case 'ENOENT':
      return {
        kind: 'unsupported',
        hint: 'this kernel has no such limit, or its controller is not handed down',
      };
    case 'EBUSY':
    case 'EOPNOTSUPP':
      return { kind: 'unavailable', hint: busyHint(detail, limit) };
    case 'EINVAL':
    case 'ERANGE':
      return { kind: 'invalid', hint: `the kernel refuses this value${valueHint(detail)}` };
    case 'ENODEV':
    case 'ENXIO':
      return { kind: 'invalid', hint: 'name a whole disk of this host: partitions cannot be limited' };
    case 'ENOSPC':
      return { kind: 'unavailable', hint: spaceHint(detail) };
    default:
      return {};
  }
}

/** Explains why device rules could not be set. Every container has some, also when nobody asked for a device. */
function explainDeviceRules({ code, reason, detail }: Failure): Partial<Words> {
  const message = `cannot set the device rules of the container: ${detail}: ${reason}`;
  if (code !== 'EPERM') return { message };
  const hint = 'skiff needs root with CAP_SYS_ADMIN, and a cgroup above that allows all that is allowed here';
  return { kind: 'denied', message, hint };
}

function limitOf(path: string): Limit | undefined {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return FILES.find(([beginning]) => file.startsWith(beginning))?.[1];
}

/** Controllers are not handed down by a v2 cgroup that holds processes ("no internal processes"). */
function busyHint(file: string, limit: Limit | undefined): string | undefined {
  const [, directory] = /^(.+)\/cgroup\.subtree_control$/.exec(file) ?? [];
  if (directory !== undefined) return `processes live in ${directory}: ${moveHint(directory)}`;
  const isOfMemory = limit === 'memory' || limit === 'swap' || limit === 'reservation';
  return isOfMemory ? 'more than that is in use already' : undefined;
}

function isCpuset(file: string): boolean {
  return /\/cpuset\.(cpus|mems)$/.test(file);
}

function valueHint(file: string): string {
  if (/\/memory\.(memsw\.)?limit/.test(file)) return ': memory and swap together are at least the memory';
  if (isCpuset(file)) return ': the parent of the cgroup must have all of them';
  if (/\/cpu\.(cfs|max)/.test(file)) return ': the parent of the cgroup may have less';
  return '';
}

/** A v1 cpuset without CPUs or memory nodes takes no processes, and says that there is no space. */
function spaceHint(path: string): string {
  return path.includes('cpuset')
    ? 'the cpuset that skiff runs in has no CPUs or memory nodes'
    : 'too many cgroups: see cgroup.max.descendants and /proc/cgroups';
}

/** Loading or attaching the program that stands for device rules on v2; the detail is the cgroup's directory. */
export function explainDeviceProgram({ code, reason, detail }: Failure): Partial<Words> {
  const message = `cannot put the device rules into force in ${detail}: ${reason}`;
  switch (code) {
    case 'EPERM':
    case 'EACCES':
      return {
        kind: 'denied',
        message,
        hint: 'eBPF programs need CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN',
      };
    case 'ENOSYS':
    case 'EINVAL':
      return {
        kind: 'unsupported',
        message,
        hint: 'this kernel lacks CONFIG_BPF_SYSCALL or CONFIG_CGROUP_BPF',
      };
    case 'E2BIG':
      return { kind: 'unavailable', message, hint: 'too many programs are attached to the cgroups above' };
    default:
      return { message };
  }
}
