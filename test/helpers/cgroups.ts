import { existsSync, readFileSync } from 'node:fs';
import { readCgroupLayout } from '../../src/runtime/cgroup/layout.ts';
import { type Controller, findCgroup } from '../../src/runtime/cgroup/paths.ts';

/** The name of one limit's file on each version of cgroups. */
export interface LimitFile {
  controller: Controller;
  v1: string;
  v2: string;
}

/** Reads the kernel's value of a container's limit, without the last newline; `cgroupsPath` is `/skiff-<id>`. */
export function kernelValue(cgroupsPath: string, { controller, v1, v2 }: LimitFile): string {
  const cgroup = findCgroup(readCgroupLayout(), cgroupsPath, controller);
  if (cgroup === undefined) throw new Error(`this host has no ${controller}`);
  return readFileSync(`${cgroup.path}/${cgroup.version === 'v1' ? v1 : v2}`, 'utf8').trimEnd();
}

/** Whether containers' cgroups of this controller are of v1 here. */
export function isV1(controller: Controller): boolean {
  return findCgroup(readCgroupLayout(), '', controller)?.version === 'v1';
}

/** A whole disk of this machine, with its numbers as the kernel writes them (`254:0`). */
export function someDisk(): { path: string; numbers: string } | undefined {
  const name = ['vda', 'sda', 'nvme0n1', 'loop0'].find(
    (one) => existsSync(`/sys/block/${one}/dev`) && existsSync(`/dev/${one}`),
  );
  if (name === undefined) return undefined;
  return { path: `/dev/${name}`, numbers: readFileSync(`/sys/block/${name}/dev`, 'utf8').trim() };
}
