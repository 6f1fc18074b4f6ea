import { moveHint } from '../cgroup/refusals.ts';
import type { Failure, Words } from './words.ts';

/** The options that a file of a cgroup stands for, by the beginning of its name on v1 or v2. */
const OPTIONS: readonly (readonly [file: string, option: string])[] = [
  ['memory.memsw', '--memory-swap'],
  ['memory.swap.', '--memory-swap'],
  ['memory.limit', '--memory'],
  ['memory.max', '--memory'],
  ['memory.soft_limit', '--memory-reservation'],
  ['memory.low', '--memory-reservation'],
  ['memory.swappiness', '--memory-swappiness'],
  ['memory.oom_control', '--oom-kill-disable'],
  ['cpu.shares', '--cpu-shares'],
  ['cpu.weight', '--cpu-shares'],
  ['cpu.cfs_quota', '--cpus or --cpu-quota'],
  ['cpu.cfs_period', '--cpu-period'],
  ['cpu.max', '--cpus or --cpu-quota'],
  ['cpuset.cpus', '--cpuset-cpus'],
  ['cpuset.mems', '--cpuset-mems'],
  ['pids.max', '--pids-limit'],
  ['blkio.throttle.read_bps', '--device-read-bps'],
  ['blkio.throttle.write_bps', '--device-write-bps'],
  ['blkio.throttle.read_iops', '--device-read-iops'],
  ['blkio.throttle.write_iops', '--device-write-iops'],
  ['blkio.', '--blkio-weight'],
  ['io.max', '--device-read-bps and its like'],
  ['io.', '--blkio-weight'],
];

/** Making a cgroup, and writing its files: the detail is the directory or the file. */
export function explainCgroup(failure: Failure): Partial<Words> {
  const { code, reason, detail } = failure;
  if (/\/devices\.[^/]*$/.test(detail)) return explainDeviceRules(failure);
  const option = optionOf(detail);
  const message =
    option === undefined
      ? `cannot set up the cgroup: ${detail}: ${reason}`
      : `cannot apply ${option}: ${detail}: ${reason}`;
  // The kernel's word for a v1 set that its parent does not have.
  if (code === 'EACCES' && isCpuset(detail))
    return { kind: 'invalid', message, hint: `the kernel refuses this value${valueHint(detail)}` };
  switch (code) {
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return {
        kind: 'denied',
        message,
        hint: 'cgroups cannot be written here: inside of a container, start that one with --privileged',
      };
    case 'ENOENT':
      return {
        kind: 'unsupported',
        message,
        hint: 'this kernel has no such limit, or its controller is not handed down',
      };
    case 'EBUSY':
    case 'EOPNOTSUPP':
      return { kind: 'unavailable', message, hint: busyHint(detail, option) };
    case 'EINVAL':
    case 'ERANGE':
      return { kind: 'invalid', message, hint: `the kernel refuses this value${valueHint(detail)}` };
    case 'ENODEV':
    case 'ENXIO':
      return {
        kind: 'invalid',
        message,
        hint: 'name a whole disk of this host: partitions cannot be limited',
      };
    case 'ENOSPC':
      return { kind: 'unavailable', message, hint: spaceHint(detail) };
    default:
      return { message };
  }
}

/** Every container has such rules, whether or not somebody asked for a device. */
function explainDeviceRules({ code, reason, detail }: Failure): Partial<Words> {
  const message = `cannot set the device rules of the container: ${detail}: ${reason}`;
  if (code !== 'EPERM') return { message };
  const hint = 'skiff needs root with CAP_SYS_ADMIN, and a cgroup above that allows all that is allowed here';
  return { kind: 'denied', message, hint };
}

function optionOf(path: string): string | undefined {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return OPTIONS.find(([beginning]) => file.startsWith(beginning))?.[1];
}

/** Controllers are not handed down by a v2 cgroup that holds processes ("no internal processes"). */
function busyHint(file: string, option: string | undefined): string | undefined {
  const [, directory] = /^(.+)\/cgroup\.subtree_control$/.exec(file) ?? [];
  if (directory !== undefined) return `processes live in ${directory}: ${moveHint(directory)}`;
  return option?.startsWith('--memory') ? 'more than that is in use already' : undefined;
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
