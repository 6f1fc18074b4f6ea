import { rmdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { unlessMissing } from '../../host/missing.ts';
import type { Looks } from '../../host/probe.ts';
import { readCgroupLayout } from '../../runtime/cgroup/layout.ts';
import { containerOfCgroup } from '../../runtime/cgroup/paths.ts';
import type { Leftover } from './leftover.ts';

/** How far below a hierarchy's root containers' cgroups are looked for: `--cgroup-parent /team/a` is three down. */
const DEPTH = 4;

/**
 * Cgroups named like a container's or its monitor's, of containers that nobody has a runtime directory for: it is made before the
 * cgroup and removed after it, in every store. One with processes in it is somebody's, whoever that is: another
 * mount namespace has runtime directories of its own.
 */
export function abandonedCgroups(looks: Looks): { id: string; leftover: Leftover }[] {
  const { hierarchies } = readCgroupLayout((file) => looks.read(file));
  const found = hierarchies.flatMap(({ directory }) => containerCgroups(looks, directory, DEPTH)).sort();
  // In this order: who begins has a runtime directory by now, and the cgroup of who has ended is gone.
  const alive = knownToStores(looks);
  return found
    .map((path) => ({ id: containerOfCgroup(basename(path)) ?? '', path }))
    .filter(({ id, path }) => !alive.has(id) && looks.exists(path))
    .map(({ id, path }) => ({ id, leftover: cgroupLeftover(looks, path) }));
}

/** Ids with a runtime directory of any store: `/run/skiff` and `/run/skiff-<hash>`. */
function knownToStores(looks: Looks): Set<string> {
  const roots = looks.names('/run').filter((name) => /^skiff(-[0-9a-f]{8})?$/.test(name));
  return new Set(roots.flatMap((root) => looks.names(join('/run', root))));
}

function containerCgroups(looks: Looks, directory: string, depth: number): string[] {
  if (depth === 0) return [];
  return directoriesIn(looks, directory).flatMap((path) =>
    containerOfCgroup(basename(path)) !== undefined ? [path] : containerCgroups(looks, path, depth - 1),
  );
}

function directoriesIn(looks: Looks, directory: string): string[] {
  return looks.directories(directory).map((name) => join(directory, name));
}

function cgroupLeftover(looks: Looks, path: string): Leftover {
  const processes = processesIn(looks, path);
  return {
    kind: 'cgroup',
    name: path,
    detail:
      processes === 0 ? 'empty, of a container that is in no record' : `${processes} processes are in it`,
    foreign: processes === 0 ? undefined : 'its processes are of no container of this store',
    clean: async () => removeCgroup(looks, path),
  };
}

function processesIn(looks: Looks, path: string): number {
  const own = (looks.read(join(path, 'cgroup.procs')) ?? '').split('\n').filter(Boolean).length;
  return directoriesIn(looks, path).reduce((sum, child) => sum + processesIn(looks, child), own);
}

/** rmdir(2) refuses one that a process has entered meanwhile. One that another command has removed is fine. */
function removeCgroup(looks: Looks, path: string): void {
  for (const child of directoriesIn(looks, path)) removeCgroup(looks, child);
  unlessMissing(() => rmdirSync(path));
}
