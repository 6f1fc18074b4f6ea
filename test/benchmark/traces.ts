import { readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './measure.ts';

const CGROUPS = '/sys/fs/cgroup';

/** What the peers make outside of the benchmark's directory, for taking back what was not there before. */
export function traces(): ReadonlySet<string> {
  const hierarchies = [CGROUPS, ...directories(CGROUPS)];
  return new Set([...hierarchies.flatMap(directories), ...directories('/run')]);
}

/** Unmounts what is left below `work`, and removes it and every trace that was not there before. */
export async function removeTraces(work: string, before: ReadonlySet<string>): Promise<void> {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((point) => point === work || point.startsWith(`${work}/`));
  for (const point of mounts.reverse()) await run('umount', [point]);
  rmSync(work, { recursive: true, force: true });
  for (const trace of traces()) {
    if (
      before.has(trace) ||
      !/\/(docker|libpod_parent|libpod|crun|runc|podman|containers|containerd|skiff-[0-9a-f]{8})$/.test(trace)
    ) {
      continue;
    }
    if (trace.startsWith(CGROUPS)) removeCgroup(trace);
    else rmSync(trace, { recursive: true, force: true });
  }
}

function removeCgroup(directory: string): void {
  for (const child of directories(directory)) removeCgroup(child);
  rmdirSync(directory);
}

function directories(parent: string): string[] {
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(parent, name));
}
