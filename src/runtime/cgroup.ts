import { EngineError } from '../errors.ts';
import type { LinuxResources } from '../oci/runtime-config.ts';
import type { CgroupLayout, Hierarchy } from './cgroup-layout.ts';
import type { PlanRecord } from './plan-encode.ts';

/** What a container's cgroup adds to its plan. */
export interface CgroupPlan {
  /** Made before the container starts, one in each hierarchy that it joins; removed when it ended. */
  directories: readonly { version: 'v1' | 'v2'; path: string }[];
  /** Limits, and what has to be switched on for them. */
  setup: readonly PlanRecord[];
  /** What shows on /sys/fs/cgroup; undefined: nothing was joined, so nothing is shown. */
  mount: { version: 'v1' | 'v2' | 'hybrid'; names: readonly string[] } | undefined;
}

/**
 * The controllers that limits and statistics need. Every v1 hierarchy costs 60 µs of making and removing, so the rest
 * (freezer, devices, cpuset, net_cls, name=systemd) is joined when a feature asks for it; what is not joined is not
 * mounted in the container either, where it would show the host's tree.
 */
const CONTROLLERS = ['memory', 'cpu', 'cpuacct', 'pids', 'blkio', 'io'];

type Limited = 'memory' | 'cpu' | 'pids';

/**
 * Directories and writes for one container. A limit whose controller is missing or cannot be used throws
 * `unsupported`, before anything was made. Without limits a host whose cgroups cannot be written is no obstacle: the
 * container then stays in the cgroup of its caller.
 *
 * On v2 the controllers must be handed down by the parent's `cgroup.subtree_control`. A parent that holds processes
 * (skiff inside of a container) cannot: an image such as docker:dind moves them into a child when it starts. skiff
 * never moves processes that are not its own; it runs without limits and statistics there, and refuses limits with
 * the line that moves them as a hint.
 */
export function planCgroup(layout: CgroupLayout, name: string, resources: LinuxResources): CgroupPlan {
  const joined = layout.hierarchies.filter((hierarchy) => isJoined(hierarchy, layout));
  const writes = limitWrites(layout, resources, name);
  return {
    directories: joined.map(({ version, directory }) => ({ version, path: `${directory}/${name}` })),
    setup: [...joined.flatMap((hierarchy) => enableControllers(hierarchy, resources)), ...writes],
    mount: mountOf(joined),
  };
}

/** Beside v1 hierarchies the v2 one usually has nothing that a container needs; alone it is the container's place. */
function isJoined({ controllers, writable }: Hierarchy, { mode }: CgroupLayout): boolean {
  return writable && (mode === 'v2' || controllers.some((name) => CONTROLLERS.includes(name)));
}

function mountOf(joined: readonly Hierarchy[]): CgroupPlan['mount'] {
  const unified = joined.some(({ version }) => version === 'v2');
  const legacy = joined
    .filter(({ version }) => version === 'v1')
    .map(({ controllers }) => controllers.join(','));
  if (legacy.length === 0) return unified ? { version: 'v2', names: [] } : undefined;
  return unified ? { version: 'hybrid', names: [...legacy, 'unified'] } : { version: 'v1', names: legacy };
}

/** Switches on what is still off: as a must for limits, as a favour for statistics. */
function enableControllers(
  { directory, controllers, unified }: Hierarchy,
  resources: LinuxResources,
): PlanRecord[] {
  if (unified === undefined || !unified.delegates) return [];
  const off = CONTROLLERS.filter((name) => controllers.includes(name) && !unified.enabled.includes(name));
  const file = `${directory}/cgroup.subtree_control`;
  return off.map((name) => [name in resources ? 'write' : 'write-optional', file, `+${name}`]);
}

function limitWrites(
  layout: CgroupLayout,
  { memory, cpu, pids }: LinuxResources,
  name: string,
): PlanRecord[] {
  const records: PlanRecord[] = [];
  if (memory?.limit !== undefined) {
    const { limit, swap } = memory;
    const { version, path } = home(layout, 'memory', name);
    records.push(...(version === 'v1' ? memoryV1(path, limit, swap) : memoryV2(path, limit, swap)));
  }
  if (cpu?.quota !== undefined && cpu.period !== undefined) {
    const { version, path } = home(layout, 'cpu', name);
    if (version === 'v1') {
      records.push(['write', `${path}/cpu.cfs_period_us`, String(cpu.period)]);
      records.push(['write', `${path}/cpu.cfs_quota_us`, String(cpu.quota)]);
    } else {
      records.push(['write', `${path}/cpu.max`, `${cpu.quota} ${cpu.period}`]);
    }
  }
  if (pids !== undefined) {
    records.push(['write', `${home(layout, 'pids', name).path}/pids.max`, String(pids.limit)]);
  }
  return records;
}

/** Swap is limited where the kernel accounts for it. v1 counts memory and swap together, v2 swap alone. */
function memoryV1(path: string, limit: number, swap: number | undefined): PlanRecord[] {
  const records: PlanRecord[] = [['write', `${path}/memory.limit_in_bytes`, String(limit)]];
  if (swap === undefined) return records;
  return [...records, ['write-optional', `${path}/memory.memsw.limit_in_bytes`, String(swap)]];
}

function memoryV2(path: string, limit: number, swap: number | undefined): PlanRecord[] {
  const records: PlanRecord[] = [['write', `${path}/memory.max`, String(limit)]];
  if (swap === undefined) return records;
  return [...records, ['write-optional', `${path}/memory.swap.max`, String(swap - limit)]];
}

/** The container's directory where a controller lives; throws `unsupported` when it cannot be used. */
function home(
  layout: CgroupLayout,
  controller: Limited,
  name: string,
): { version: 'v1' | 'v2'; path: string } {
  const hierarchy = layout.hierarchies.find(({ controllers }) => controllers.includes(controller));
  if (hierarchy === undefined) {
    throw refusal(controller, 'this host does not offer it', missingHint(layout, controller));
  }
  const { directory, version, writable, unified } = hierarchy;
  if (!writable) {
    throw refusal(
      controller,
      `${directory} is mounted read-only`,
      'inside of a container: start that one with --privileged',
    );
  }
  if (unified !== undefined && !unified.delegates && !unified.enabled.includes(controller)) {
    throw refusal(
      controller,
      `processes in ${directory} keep it from being handed down`,
      moveHint(directory),
    );
  }
  return { version, path: `${directory}/${name}` };
}

const LIMITS: Readonly<Record<Limited, string>> = {
  memory: 'memory limit (--memory)',
  cpu: 'CPU limit (--cpus)',
  pids: 'limit of processes (--pids-limit)',
};

function refusal(controller: Limited, why: string, hint: string): EngineError {
  return new EngineError(
    'unsupported',
    `the ${LIMITS[controller]} needs the cgroup controller "${controller}": ${why}`,
    { hint, subject: controller },
  );
}

function missingHint({ mode }: CgroupLayout, controller: Limited): string {
  if (mode === 'none') return 'no cgroup hierarchy is mounted: mount -t cgroup2 cgroup2 /sys/fs/cgroup';
  if (mode === 'v2')
    return `is it listed in /sys/fs/cgroup/cgroup.controllers? cgroup_enable=${controller} may help`;
  return `is it enabled in /proc/cgroups and mounted below /sys/fs/cgroup? cgroup_enable=${controller} may help`;
}

/** The line of docker:dind's entry point. */
export function moveHint(directory: string): string {
  const init = `${directory}/init`;
  return (
    'move them into a child first, as docker:dind does: ' +
    `mkdir -p ${init} && xargs -rn1 < ${directory}/cgroup.procs > ${init}/cgroup.procs`
  );
}
