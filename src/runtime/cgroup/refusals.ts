import { EngineError } from '../../errors.ts';
import type { CgroupLayout } from './layout.ts';
import { type Controller, nameOn } from './paths.ts';

/** The limits: `what` names one in messages, `hint` has the options that ask for it. */
export const LIMITS = {
  memory: { what: 'memory limit', hint: '--memory' },
  reservation: { what: 'memory reservation', hint: '--memory-reservation' },
  swap: { what: 'limit of memory and swap', hint: '--memory-swap' },
  swappiness: { what: 'memory swappiness', hint: '--memory-swappiness' },
  oomKill: { what: 'exemption from the OOM killer', hint: '--oom-kill-disable' },
  quota: { what: 'CPU limit', hint: '--cpus or --cpu-quota' },
  period: { what: 'CPU period', hint: '--cpu-period' },
  shares: { what: 'CPU shares', hint: '--cpu-shares' },
  cpus: { what: 'set of CPUs', hint: '--cpuset-cpus' },
  mems: { what: 'set of memory nodes', hint: '--cpuset-mems' },
  pids: { what: 'limit of processes', hint: '--pids-limit' },
  weight: { what: 'block I/O weight', hint: '--blkio-weight' },
  weightDevice: { what: 'block I/O weight of a device', hint: '--blkio-weight-device' },
  readBps: { what: 'rate of reading', hint: '--device-read-bps' },
  writeBps: { what: 'rate of writing', hint: '--device-write-bps' },
  readIops: { what: 'rate of read operations', hint: '--device-read-iops' },
  writeIops: { what: 'rate of write operations', hint: '--device-write-iops' },
  rates: { what: 'rate of a device', hint: '--device-read-bps and its like' },
  devices: { what: 'set of allowed devices', hint: '--device or --device-cgroup-rule' },
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
    `the ${LIMITS[limit].what} needs the cgroup controller "${controller}": ${why}`,
    { hint: `${LIMITS[limit].hint}: ${hint}`, subject: controller },
  );
}

/** Returns the error for a limit whose controller is there, but which this kernel's cannot do. */
export function cannotBeHonoured(limit: Limit, why: string, hint?: string): EngineError {
  const { what, hint: option } = LIMITS[limit];
  return new EngineError('unsupported', `the ${what} cannot be honoured here: ${why}`, {
    hint: hint === undefined ? `leave ${option} out` : `${option}: ${hint}`,
  });
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
