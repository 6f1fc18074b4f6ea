import { EngineError } from '../../errors.ts';
import type { CpuSpec } from '../../oci/runtime-config.ts';
import { missingIds, parseIdList } from './id-list.ts';
import { ancestors } from './paths.ts';
import type { CgroupFiles, Place } from './types.ts';

/**
 * Refuses CPUs and memory nodes that a container cannot have because the cgroups above it do not (cpuset(7); kernel's
 * cgroup-v2.rst, "Cpuset"): v1 would not take them, v2 would without a word give others in their place. Throws `invalid`,
 * naming those that are missing and those that there are.
 */
export function checkCpuset(
  { cpus, mems }: CpuSpec,
  cgroupsPath: string,
  { place, files }: { place: Place; files: CgroupFiles },
): void {
  for (const [what, asked, name] of [
    ['CPUs', cpus, 'cpus'],
    ['memory nodes', mems, 'mems'],
  ] as const) {
    if (asked === undefined) continue;
    const parent = nearest(place, cgroupsPath, { name, files });
    if (parent === undefined) continue;
    const missing = missingIds(parseIdList(asked) ?? [], parseIdList(parent.available) ?? []);
    if (missing.length > 0) throw notAvailable(what, { asked, missing, parent });
  }
}

interface Parent {
  /** The cgroup below the root of the hierarchy; empty: that root. */
  cgroup: string;
  /** A list as of cpuset(7). */
  available: string;
}

/** The nearest cgroup above a container's that has a set: one that is missing, or empty, takes over its parent's. */
function nearest(
  { version, root }: Place,
  cgroupsPath: string,
  { name, files }: { name: 'cpus' | 'mems'; files: CgroupFiles },
): Parent | undefined {
  const file = version === 'v1' ? `cpuset.${name}` : `cpuset.${name}.effective`;
  for (const directory of ancestors(root, cgroupsPath).reverse()) {
    const available = files.read(`${directory}/${file}`)?.trim();
    if (available) return { cgroup: directory.slice(root.length), available };
  }
  return undefined;
}

function notAvailable(
  what: string,
  { asked, missing, parent }: { asked: string; missing: readonly number[]; parent: Parent },
): EngineError {
  const { cgroup, available } = parent;
  const where = cgroup === '' ? 'the cpuset that skiff runs in' : `the cgroup ${cgroup}`;
  return new EngineError(
    'invalid',
    `${what} ${missing.join(',')} are not available: ${asked} were asked for, and ${where} has ${available}`,
    {
      subject: asked,
      hint:
        cgroup === '' ? `choose from ${available}` : `choose from ${available}, or another --cgroup-parent`,
    },
  );
}
