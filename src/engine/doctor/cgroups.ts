import type { Looks } from '../../host/probe.ts';
import { type CgroupLayout, type Hierarchy, readCgroupLayout } from '../../runtime/cgroup/layout.ts';
import { type Controller, hierarchyOf, nameOn } from '../../runtime/cgroup/paths.ts';
import type { Finding } from './finding.ts';

/** The controllers that containers use, and what is lost without each. */
const CONTROLLERS: readonly [Controller, string][] = [
  ['memory', 'limits of memory are refused, and stats shows no memory'],
  ['cpu', 'limits of CPU time and CPU shares are refused'],
  ['cpuset', 'sets of CPUs and of memory nodes are refused'],
  ['pids', 'limits of processes are refused'],
  ['blkio', 'weights and rates of block I/O are refused'],
  ['freezer', 'pause is refused'],
  [
    'devices',
    'containers lose CAP_MKNOD and every device node of their image, and those of the host are refused',
  ],
];

/** The cgroup mode, and each controller with its place and whether skiff can use it there. */
export function cgroupFindings(looks: Looks): Finding[] {
  const layout = readCgroupLayout((file) => looks.read(file));
  if (layout.mode === 'none') return [noCgroups()];
  return [
    modeFinding(layout),
    ...CONTROLLERS.map(([controller, cost]) => controllerFinding(layout, looks, { controller, cost })),
  ];
}

function noCgroups(): Finding {
  return {
    topic: 'cgroups',
    name: 'mode',
    state: 'missing',
    detail: 'no cgroup file system is mounted',
    cost: 'every limit, devices of the host and pause are refused, and stats shows nothing',
    remedy: 'mount -t cgroup2 cgroup2 /sys/fs/cgroup',
  };
}

function modeFinding({ mode, hierarchies }: CgroupLayout): Finding {
  const [first, ...others] = hierarchies.map(({ version, directory }) => `${version} at ${directory}`);
  // A host of v1 has a dozen of them.
  const places = others.length < 2 ? [first, ...others].join(', ') : `${first} and ${others.length} more`;
  return { topic: 'cgroups', name: 'mode', state: 'ok', detail: `${mode} (${places})` };
}

function controllerFinding(
  layout: CgroupLayout,
  looks: Looks,
  { controller, cost }: { controller: Controller; cost: string },
): Finding {
  const onV2 = nameOn('v2', controller);
  const isCore = onV2 === 'core';
  const place = hierarchyOf(layout, controller) ?? (isCore ? onlyUnified(layout) : undefined);
  const name = layout.mode === 'v2' && !isCore ? onV2 : controller;
  const finding = { topic: 'cgroups', name } as const;
  if (place === undefined) {
    const remedy = missingRemedy(layout.mode, name);
    return { ...finding, state: 'missing', detail: 'in no mounted hierarchy', cost, remedy };
  }
  const obstacle = notWritable(place, looks) ?? (isCore ? undefined : notDelegated(place, name));
  if (obstacle !== undefined) return { ...finding, state: 'limited', cost, ...obstacle };
  return { ...finding, state: 'ok', detail: `${place.version} at ${place.directory}` };
}

/**
 * Returns the only hierarchy of a v2 host. Containers join none that cannot be written, and still it is where their
 * cgroups would be.
 */
function onlyUnified({ mode, hierarchies }: CgroupLayout): Hierarchy | undefined {
  return mode === 'v2' ? hierarchies[0] : undefined;
}

function missingRemedy(mode: CgroupLayout['mode'], name: string): string {
  if (mode === 'v2')
    return `hand it down from the cgroup above: echo +${name} > cgroup.subtree_control there`;
  return `mount -t cgroup -o ${name} cgroup /sys/fs/cgroup/${name}, when /proc/cgroups lists it`;
}

interface Obstacle {
  detail: string;
  remedy: string;
}

function notWritable({ directory, writable }: Hierarchy, looks: Looks): Obstacle | undefined {
  if (!writable) {
    const remedy = `mount -o remount,rw ${directory}; for a container: start it with --privileged`;
    return { detail: `${directory} is mounted read-only`, remedy };
  }
  if (looks.writable(directory)) return undefined;
  return {
    detail: `${directory} cannot be written`,
    remedy: 'run it with sudo, or have the cgroup delegated',
  };
}

/**
 * Returns what keeps a cgroup from handing a controller to its children: only an empty one, or the root of all, can do
 * so.
 */
function notDelegated({ directory, unified }: Hierarchy, name: string): Obstacle | undefined {
  if (unified === undefined || unified.delegates || unified.enabled.includes(name)) return undefined;
  const init = `${directory}/init`;
  return {
    detail: `${directory} holds processes, so it hands no controllers down`,
    remedy: `move them: mkdir -p ${init} && xargs -rn1 < ${directory}/cgroup.procs > ${init}/cgroup.procs`,
  };
}
