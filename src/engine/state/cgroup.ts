import { EngineError } from '../../errors.ts';
import { type CgroupLayout, readCgroupLayout } from '../../runtime/cgroup/layout.ts';
import { type Cgroup, type Controller, cgroupsPathOf, findCgroup } from '../../runtime/cgroup/paths.ts';
import type { ContainerRow } from '../store/containers.ts';

/** `linux.cgroupsPath` of a container, as when it was planned. */
export function cgroupsPathFor({ id, options }: ContainerRow): string {
  return cgroupsPathOf(id, options.resources.cgroupParent);
}

/** A container's directory where a controller lives, if this host has it. Reading the layout costs a look at /proc. */
export function cgroupOf(
  row: ContainerRow,
  controller: Controller,
  layout: CgroupLayout = readCgroupLayout(),
): Cgroup | undefined {
  return findCgroup(layout, cgroupsPathFor(row), controller);
}

/** The cgroup that freezes a container. Throws `unsupported` when this host has no freezer. */
export function freezerOf(row: ContainerRow): Cgroup {
  const cgroup = cgroupOf(row, 'freezer');
  if (cgroup !== undefined) return cgroup;
  throw new EngineError('unsupported', `container ${row.name} cannot be paused: this host has no freezer`, {
    subject: row.name,
    hint: 'mount the freezer of cgroup v1, or cgroup v2',
  });
}
