import { parseImageConfig } from '../../oci/image-config.ts';
import type { HealthRecord } from '../../runtime/monitor/health-record.ts';
import { healthSettings } from '../options/health.ts';
import { explainedHealthOf } from '../state/health.ts';
import type { Observed } from '../state/observe.ts';
import { type PsState, psState } from '../state/shown-state.ts';
import type { Context } from '../store/context.ts';
import { imageById } from '../store/images.ts';
import { omitEmpty } from './go-json.ts';

/** Docker's text for a time that has not come. */
const NEVER = '0001-01-01T00:00:00Z';

/** `State` of Docker's ContainerInspect. */
export function stateOf(context: Context, observed: Observed): object {
  const { row, status } = observed;
  const state = psState(context, observed);
  return omitEmpty(
    {
      Status: state.name,
      Running: state.active,
      Paused: state.name === 'paused',
      Restarting: state.name === 'restarting',
      OOMKilled: state.ended?.oom ?? false,
      Dead: false,
      Pid: status.state === 'running' ? status.record.init.pid : 0,
      ExitCode: state.exitCode,
      Error: row.error?.message ?? '',
      StartedAt: timeOf(state.startedAt),
      FinishedAt: timeOf(state.finishedAt),
      Health: healthIn(context, observed, state),
    },
    'Health',
  );
}

/** Docker calls a container that was checked and ended unhealthy; what the checks said went with its runtime directory. */
function healthIn(context: Context, { row }: Observed, { active, startedAt }: PsState): object | null {
  const record = active ? explainedHealthOf(context, row) : undefined;
  if (record !== undefined) return healthObject(record);
  if (startedAt === undefined || !isChecked(context, row)) return null;
  return healthObject({ status: active ? 'starting' : 'unhealthy', streak: 0, checks: [] });
}

function isChecked({ database }: Context, { imageId, imageConfig, options }: Observed['row']): boolean {
  const text = imageById(database, imageId)?.config ?? imageConfig;
  const config = text === undefined ? undefined : parseImageConfig(Buffer.from(text));
  return healthSettings(config, options) !== undefined;
}

function healthObject({ status, streak, checks }: HealthRecord): object {
  return {
    Status: status,
    FailingStreak: streak,
    Log: checks.map(({ started, ended, code, output }) => ({
      Start: timeOf(started),
      End: timeOf(ended),
      ExitCode: code,
      Output: output,
    })),
  };
}

function timeOf(ms: number | undefined): string {
  return ms === undefined || ms === 0 ? NEVER : new Date(ms).toISOString();
}
