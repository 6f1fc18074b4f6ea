import type { HealthSettings, SupervisionOptions } from './options.ts';
import type { PlanRecord } from './plan-encode.ts';

/** What the monitor is told to do besides relaying and logging: nothing of it is on the path of a default container. */
export function supervisionRecords(supervision: SupervisionOptions | undefined): PlanRecord[] {
  if (supervision === undefined) return [];
  const { restart, runTimeoutMs, health, events } = supervision;
  return [
    ...(restart === undefined ? [] : [['restart', restart.policy, String(restart.maximum)] as const]),
    ...(runTimeoutMs === undefined ? [] : [['timeout', String(runTimeoutMs)] as const]),
    ...(health === undefined ? [] : healthRecords(health)),
    ...(events === undefined ? [] : [['events', events.path, events.attributes] as const]),
  ];
}

function healthRecords(health: HealthSettings): PlanRecord[] {
  const numbers = [
    health.intervalMs,
    health.timeoutMs,
    health.startPeriodMs,
    health.startIntervalMs,
    health.retries,
  ];
  return [
    ['health', ...numbers.map(String), health.onFailure],
    ...health.argv.map((argument): PlanRecord => ['health-arg', argument]),
  ];
}
