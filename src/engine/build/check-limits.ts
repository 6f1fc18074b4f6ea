import { availableParallelism } from 'node:os';
import { cgroupsPathOf } from '../../runtime/cgroup/paths.ts';
import { linuxResources } from '../../runtime/spec/resources.ts';
import type { ResourceOptions } from '../options/create.ts';

/** Throws what the first RUN would throw of its limits, also where none has to be done. As `linuxResources`. */
export function checkLimits(resources: ResourceOptions): void {
  linuxResources(resources, availableParallelism);
  cgroupsPathOf('', resources.cgroupParent);
}
