import { EngineError } from '../../errors.ts';
import type { CgroupLayout } from './layout.ts';
import { type Controller, nameOn } from './paths.ts';

/** What a limit is called, with the option that asks for it. */
export const LIMITS = {
  memory: 'memory limit (--memory)',
  reservation: 'memory reservation (--memory-reservation)',
  swap: 'limit of memory and swap (--memory-swap)',
  swappiness: 'memory swappiness (--memory-swappiness)',
  oomKill: 'exemption from the OOM killer (--oom-kill-disable)',
  quota: 'CPU limit (--cpus, --cpu-quota)',
  period: 'CPU period (--cpu-period)',
  shares: 'CPU shares (--cpu-shares)',
  cpus: 'set of CPUs (--cpuset-cpus)',
  mems: 'set of memory nodes (--cpuset-mems)',
  pids: 'limit of processes (--pids-limit)',
  weight: 'block I/O weight (--blkio-weight)',
  weightDevice: 'block I/O weight of a device (--blkio-weight-device)',
  readBps: 'rate of reading (--device-read-bps)',
  writeBps: 'rate of writing (--device-write-bps)',
  readIops: 'rate of read operations (--device-read-iops)',
  writeIops: 'rate of write operations (--device-write-iops)',
  devices: 'set of allowed devices (--device, --device-cgroup-rule)',
} as const;

export type Limit = keyof typeof LIMITS;

/** A limit needs a controller that cannot be used. */
export function needsController(
  limit: Limit,
  controller: string,
  { why, hint }: { why: string; hint: string },
): EngineError {
  return new EngineError(
    'unsupported',
    `the ${LIMITS[limit]} needs the cgroup controller "${controller}": ${why}`,
    { hint, subject: controller },
  );
}

/** The controller is there, and this kernel's cannot do it. */
export function cannotBeHonoured(limit: Limit, why: string, hint?: string): EngineError {
  return new EngineError('unsupported', `the ${LIMITS[limit]} cannot be honoured here: ${why}`, { hint });
}

export function missing({ mode }: CgroupLayout, controller: Controller, limit: Limit): EngineError {
  const name = nameOn(mode === 'v2' ? 'v2' : 'v1', controller);
  return needsController(limit, name, {
    why: 'this host does not offer it',
    hint: missingHint(mode, name),
  });
}

function missingHint(mode: CgroupLayout['mode'], name: string): string {
  if (mode === 'none') return 'no cgroup hierarchy is mounted: mount -t cgroup2 cgroup2 /sys/fs/cgroup';
  if (mode === 'v2')
    return `is it listed in /sys/fs/cgroup/cgroup.controllers? cgroup_enable=${name} may help`;
  return `is it enabled in /proc/cgroups and mounted below /sys/fs/cgroup? cgroup_enable=${name} may help`;
}

/** The line of docker:dind's entry point. */
export function moveHint(directory: string): string {
  const init = `${directory}/init`;
  return (
    'move them into a child first, as docker:dind does: ' +
    `mkdir -p ${init} && xargs -rn1 < ${directory}/cgroup.procs > ${init}/cgroup.procs`
  );
}
