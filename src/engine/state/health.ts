import { readFileSync } from 'node:fs';
import { unlessMissing } from '../../host/missing.ts';
import { explainFailure } from '../../runtime/failure/failure.ts';
import {
  type HealthCheck,
  type HealthRecord,
  parseHealthRecord,
} from '../../runtime/monitor/health-record.ts';
import type { HealthSettings } from '../../runtime/options.ts';
import { healthSettings } from '../options/health.ts';
import { containerPaths } from '../store/container-paths.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { imageConfigOf } from '../store/images.ts';

const TIMED_OUT = -1;
const NOT_STARTED = -2;

/**
 * How a container that is up says it is: one small read, and none of the database. Undefined: nobody checks it. While
 * it waits to be started again this is what it was last.
 */
export function healthOf({ paths }: Context, { id }: ContainerRow): HealthRecord | undefined {
  return unlessMissing(() => parseHealthRecord(readFileSync(containerPaths(paths, id).health)));
}

/** Returns the health for `inspect`: checks that have no exit code of their own have -1, as with Docker, and say why. */
export function explainedHealthOf(context: Context, row: ContainerRow): HealthRecord | undefined {
  const record = healthOf(context, row);
  if (record === undefined) return undefined;
  const settings = healthSettings(imageConfigOf(context.database, row.imageId), row.options);
  return { ...record, checks: record.checks.map((check) => explained(check, settings)) };
}

function explained(check: HealthCheck, settings: HealthSettings | undefined): HealthCheck {
  if (check.code === TIMED_OUT) {
    const said = check.output === '' ? '' : `: ${check.output}`;
    const limit = settings === undefined ? '' : ` (${seconds(settings.timeoutMs)})`;
    return { ...check, output: `Health check exceeded timeout${limit}${said}` };
  }
  if (check.code !== NOT_STARTED) return check;
  const [stage = '', errno = '', ...detail] = check.output.split(' ');
  const record = { stage, errno: Number(errno), detail: detail.join(' ') };
  const { error } = explainFailure(record, { command: settings?.argv[0] });
  return { ...check, code: -1, output: error.message };
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms}ms` : `${ms / 1000}s`;
}
