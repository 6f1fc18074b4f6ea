import { EngineError } from '../../errors.ts';
import type { HealthOptions } from './create.ts';

const TIMES = {
  intervalMs: 'interval',
  timeoutMs: 'timeout',
  startPeriodMs: 'start period',
  startIntervalMs: 'start interval',
} as const;

/**
 * Checks the times of a health check: 0 is the same as none, and what is between 0 and a millisecond is refused, as by
 * Docker.
 */
export function checkHealth(health: HealthOptions): void {
  for (const [key, name] of Object.entries(TIMES) as [keyof typeof TIMES, string][]) {
    const value = health[key];
    if (value === undefined || value === 0 || value >= 1) continue;
    throw new EngineError('invalid', `the health check's ${name} cannot be less than 1 ms`, {
      subject: name,
      hint: 'name a longer one, such as 30s',
    });
  }
  if (health.retries !== undefined && !(health.retries >= 0)) {
    throw new EngineError('invalid', "the health check's retries cannot be negative", {
      subject: 'retries',
      hint: 'name how many failures in a row make it unhealthy, such as 3',
    });
  }
  const { test: [kind, ...words] = [], ...others } = health;
  if (kind !== 'NONE' || (words.length === 0 && !Object.values(others).some(Boolean))) return;
  throw new EngineError('invalid', 'no health check and settings of a health check contradict each other', {
    hint: 'leave one of them out: --no-healthcheck or the --health options',
  });
}
