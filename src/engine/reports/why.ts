import { existsSync } from 'node:fs';
import { parseImageConfig } from '../../oci/image-config.ts';
import { readEvidence } from '../../runtime/cgroup/evidence.ts';
import { readCgroupLayout } from '../../runtime/cgroup/layout.ts';
import { readUsage } from '../../runtime/cgroup/usage.ts';
import { EXIT_CODE_UNKNOWN, type ExitRecord } from '../../runtime/monitor/records.ts';
import { stopSettings } from '../options/stop.ts';
import { cgroupOf } from '../state/cgroup.ts';
import { type Observed, observe } from '../state/observe.ts';
import { containerPaths } from '../store/container-paths.ts';
import { type ContainerRow, lookUpContainer, noSuchContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { type Departure, findDeparture } from '../store/departures.ts';
import { imageById } from '../store/images.ts';
import { type Cause, causeOf, type Evidence } from './cause.ts';

/** Why a container is in the state it is in, and what that is known from. */
export interface Explanation {
  id: string;
  name: string;
  cause: Cause;
  evidence: Evidence;
}

/**
 * Collects what is known of a container, from its records or, while it runs, from its cgroups. One that went with its
 * end (`--rm`) is explained as long as that is remembered. Throws `notFound`.
 */
export async function whyContainer(context: Context, name: string): Promise<Explanation> {
  const row = lookUpContainer(context.database, name);
  const observed = row && (await observe(context, row));
  if (observed !== undefined) {
    const evidence = {
      ...basicEvidence(context, observed.row),
      command: observed.row.argv,
      startFailure: observed.row.error,
      ...ofStatus(context, observed),
    };
    return { id: observed.row.id, name: observed.row.name, cause: causeOf(evidence), evidence };
  }
  const departure = findDeparture(context.database, row?.id ?? name);
  if (departure === undefined) throw noSuchContainer(context.database, name);
  const evidence = {
    ...basicEvidence(context, departure),
    ...ofEnd(departure.record, true),
    removed: true,
  };
  return { id: departure.id, name: departure.name, cause: causeOf(evidence), evidence };
}

function ofStatus(context: Context, { row, status }: Observed): Pick<Evidence, 'state'> & Partial<Evidence> {
  switch (status.state) {
    case 'running':
      return {
        ...ofRunning(row),
        state: status.paused ? 'paused' : 'running',
        startedAt: status.record.started,
      };
    case 'restarting': {
      const { restarts, restarting = 0 } = status.record;
      if (status.exit === undefined) return { state: 'starting' };
      return { ...ofEnd(status.exit, true), restart: { count: restarts, at: restarting } };
    }
    case 'exited':
      return ofEnd(status.record, wasSeen(context, row));
    default:
      return { state: status.state };
  }
}

function basicEvidence(
  context: Context,
  { options, imageId, createdAt }: Pick<Departure, 'options' | 'imageId' | 'createdAt'>,
): Omit<Evidence, 'state'> {
  const { memory, nanoCpus, cpuQuota, cpuPeriod, pidsLimit } = options.resources;
  const image = imageById(context.database, imageId);
  const config = image === undefined ? undefined : parseImageConfig(Buffer.from(image.config));
  return {
    createdAt,
    escalated: false,
    oomKills: 0,
    pidsRefused: 0,
    stop: stopSettings(config, options.stop),
    init: options.process.init === true,
    ownPids: (options.namespaces.pid ?? 'private') === 'private',
    limits: { memory, nanoCpus, cpuQuota, cpuPeriod, pidsLimit },
  };
}

function ofRunning(row: ContainerRow): Partial<Evidence> {
  const layout = readCgroupLayout();
  const find = (controller: Parameters<typeof cgroupOf>[1]) => cgroupOf(row, controller, layout);
  const { memory, memoryLimit, pids } = readUsage(find);
  return { ...readEvidence(find), memoryLimit, usage: { memory, pids } };
}

/** Returns the evidence of a run's end. The times of an end that nobody saw were made up, so they are left out. */
function ofEnd(record: ExitRecord, seen: boolean): Pick<Evidence, 'state'> & Partial<Evidence> {
  if (!seen) return { state: 'exited' };
  const { code, signal, oom, oomKills = oom ? 1 : 0, started, finished, ...rest } = record;
  return {
    state: 'exited',
    startedAt: started,
    finishedAt: finished,
    end: { code, signal },
    oomKills,
    memoryPeak: rest.memoryPeak,
    memoryLimit: rest.memoryLimit,
    throttled: rest.throttled,
    pidsRefused: rest.pidsRefused ?? 0,
    sent: rest.sent,
    escalated: rest.escalated === true,
    ignored: rest.ignored,
  };
}

/**
 * Whether the container's monitor, or a clean-up after it, left a record of the end. A later start takes the file away,
 * and leaves the row.
 */
function wasSeen({ paths }: Context, { id, ended, error }: ContainerRow): boolean {
  if (existsSync(containerPaths(paths, id).exit)) return true;
  return error === undefined && ended !== undefined && ended.code !== EXIT_CODE_UNKNOWN;
}
