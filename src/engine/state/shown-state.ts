import type { HealthRecord } from '../../runtime/monitor/health-record.ts';
import type { ExitRecord } from '../../runtime/monitor/records.ts';
import type { Context } from '../store/context.ts';
import { healthOf } from './health.ts';
import type { Observed } from './observe.ts';

/** Docker's words for what a container is doing (Docker Engine API, ContainerState), as far as they can come up here. */
export const STATE_NAMES = [
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
] as const;
export type StateName = (typeof STATE_NAMES)[number];

/** The state of a container, as Docker tells it. Times are ms since the epoch. */
export interface PsState {
  name: StateName;
  /** Whether the container has processes, or will have again without anybody's doing: Docker's `Running`. */
  active: boolean;
  startedAt?: number | undefined;
  finishedAt?: number | undefined;
  /** The exit code of the last run that ended, else of the start that failed, else 0. */
  exitCode: number;
  /** How the last run ended. */
  ended?: ExitRecord | undefined;
  /** The container's health; only while it runs, and when it is checked. */
  health?: HealthRecord | undefined;
}

/** Puts an observed status into Docker's words. Reads, of what is up, the record of health. */
export function psState(context: Context, { row, status }: Observed): PsState {
  switch (status.state) {
    case 'running':
      return {
        name: status.paused === true ? 'paused' : 'running',
        active: true,
        startedAt: status.record.started,
        finishedAt: row.ended?.finished,
        exitCode: 0,
        health: healthOf(context, row),
      };
    case 'restarting':
      return {
        name: 'restarting',
        active: true,
        startedAt: status.exit?.started ?? status.record.started,
        // Between the state and the record of the end there is a moment, and another one before the next start.
        finishedAt: status.exit?.finished ?? Date.now(),
        exitCode: status.exit?.code ?? 0,
        ended: status.exit,
        health: healthOf(context, row),
      };
    case 'exited': {
      const { record } = status;
      return {
        name: 'exited',
        active: false,
        startedAt: record.started,
        finishedAt: record.finished,
        exitCode: record.code,
        ended: record,
      };
    }
    default:
      return { name: 'created', active: false, exitCode: row.error?.exitCode ?? 0 };
  }
}
