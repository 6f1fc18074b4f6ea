import type { Cgroup } from '../cgroup/paths.ts';
import type { HealthSettings, RestartPolicy, SupervisionOptions } from '../options.ts';
import type { PlanRecord } from '../record.ts';

/**
 * Makes the records of what the monitor does besides relaying and logging: a default container has none. `checks` is
 * the cgroup below which each health check gets one.
 */
export function supervisionRecords(
  supervision: SupervisionOptions | undefined,
  checks?: Cgroup | undefined,
): PlanRecord[] {
  if (supervision === undefined) return [];
  const { restart, runTimeoutMs, health, events } = supervision;
  return [
    ...restartRecord(restart),
    ...(runTimeoutMs === undefined ? [] : [['timeout', String(runTimeoutMs)] as const]),
    ...(health === undefined ? [] : healthRecords(health, checks)),
    ...(events === undefined ? [] : [['events', events.path, events.attributes] as const]),
    ...(events?.volumes ?? []).map(
      ({ name, mounted, unmounted }): PlanRecord => ['volume', name, mounted, unmounted],
    ),
  ];
}

function restartRecord(policy: RestartPolicy | undefined): PlanRecord[] {
  if (policy === undefined || policy.name === 'no') return [];
  return [['restart', policy.name, String(policy.maximum ?? 0)]];
}

function healthRecords(health: HealthSettings, checks: Cgroup | undefined): PlanRecord[] {
  const numbers = [
    health.intervalMs,
    health.timeoutMs,
    health.startPeriodMs,
    health.startIntervalMs,
    health.retries,
  ];
  return [
    ['health', ...numbers.map(String), health.onFailure],
    ...(checks === undefined ? [] : [['health-cgroup', checks.path] as const]),
    ...health.argv.map((argument): PlanRecord => ['health-arg', argument]),
  ];
}
