import { readFileSync, writeFileSync } from 'node:fs';
import { unlessMissing } from '../../host/missing.ts';
import { replaceFile } from '../../host/replace-file.ts';
import type { LinuxResources } from '../../oci/runtime-config.ts';
import { readCgroupLayout } from '../../runtime/cgroup/layout.ts';
import { type MonitorCgroup, missingMonitorCgroups } from '../../runtime/cgroup/monitor.ts';
import { HOST_FILES } from '../../runtime/cgroup/plan.ts';
import { requestMonitorCgroups } from '../../runtime/monitor/client.ts';
import { decodePlan, encodePlan, type PlanRecord } from '../../runtime/record.ts';
import { cgroupsPathFor } from '../state/cgroup.ts';
import { execHolders } from '../state/exec-ids.ts';
import type { RunningContainer } from '../state/lock.ts';
import { type ContainerPaths, containerPaths } from '../store/container-paths.ts';
import type { Context } from '../store/context.ts';

/**
 * Sees to it that the monitor of a container that runs, what it has started, and what holds processes of `exec` are in
 * cgroups wherever limits of the container ask for one, and not only from its next start on. The limits are not written.
 * To be called under the container's lock. Throws `internal` when the kernel refuses.
 */
export async function limitMonitor(
  context: Context,
  { row, status }: RunningContainer,
  resources: LinuxResources,
): Promise<void> {
  const paths = containerPaths(context.paths, row.id);
  const added = readRecords(paths.monitorCgroups);
  const { directories, setup } = missingMonitorCgroups(readCgroupLayout(), cgroupsPathFor(row), {
    resources,
    files: HOST_FILES,
    monitor: status.record.monitor.pid,
    present: placesIn([...readRecords(paths.plan), ...added]),
  });
  if (directories.length === 0) return;
  const before = added.filter(([op]) => ADDED.includes(op));
  const plan = addedPlan(row.id, paths, { before, directories, setup });
  replaceFile(paths.monitorCgroups, encodePlan(plan), 0o600);
  if (await requestMonitorCgroups(paths.control)) moveHolders(paths.execs, directories);
}

/** The operations of the records that are kept of an earlier plan of added cgroups. */
const ADDED = ['monitor-cgroup', 'copy-value', 'vacate-cgroup'];

function readRecords(file: string): PlanRecord[] {
  const bytes = unlessMissing(() => readFileSync(file));
  return bytes === undefined ? [] : decodePlan(bytes);
}

function placesIn(records: readonly PlanRecord[]): Set<string> {
  return new Set(records.flatMap(([op, , path]) => (op === 'monitor-cgroup' && path ? [path] : [])));
}

interface Added {
  /** The records that earlier updates have added. */
  before: readonly PlanRecord[];
  directories: readonly MonitorCgroup[];
  setup: readonly PlanRecord[];
}

function addedPlan(
  id: string,
  { runDir, exit }: ContainerPaths,
  { before, directories, setup }: Added,
): PlanRecord[] {
  const earlier = (wanted: string): PlanRecord[] => before.filter(([op]) => op === wanted);
  return [
    ['id', id],
    ['rundir', runDir],
    ['exit-record', exit],
    ...earlier('monitor-cgroup'),
    ...directories.map(({ version, path, back }): PlanRecord => ['monitor-cgroup', version, path, ...back]),
    ['setup'],
    ...earlier('copy-value'),
    ...setup,
    ['init'],
    ['process'],
    ['teardown'],
    ...earlier('vacate-cgroup'),
    ...directories.map(({ path, back }): PlanRecord => ['vacate-cgroup', path, ...back]),
  ];
}

/**
 * Moves the processes that hold those of `exec`. One that begins to do so from now on sees the file, and goes there by
 * itself.
 */
function moveHolders(execs: string, directories: readonly MonitorCgroup[]): void {
  for (const pid of execHolders(execs)) {
    for (const { path } of directories) move(pid, path);
  }
}

/**
 * Moves a process into a cgroup. One that has just ended needs no place, nor does any when the container has ended, and
 * its cgroups with it.
 */
function move(pid: number, cgroup: string): void {
  try {
    writeFileSync(`${cgroup}/cgroup.procs`, String(pid), { flag: 'r+' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'ENOENT' && code !== 'ENODEV') throw error;
  }
}
