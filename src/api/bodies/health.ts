import type { HealthOptions } from '../../engine/options/create.ts';
import type { JsonObject } from '../http/json.ts';

const NS_PER_MS = 1_000_000;

/** Reads Docker's HealthConfig, whose times are nanoseconds; an empty one, and what is 0, is the image's. */
export function healthOptions(config: JsonObject | undefined): HealthOptions | undefined {
  if (config === undefined) return undefined;
  const test = config.texts('Test') ?? [];
  const health: HealthOptions = {
    test: test.length === 0 ? undefined : test,
    intervalMs: milliseconds(config, 'Interval'),
    timeoutMs: milliseconds(config, 'Timeout'),
    startPeriodMs: milliseconds(config, 'StartPeriod'),
    startIntervalMs: milliseconds(config, 'StartInterval'),
    retries: config.amount('Retries'),
  };
  const isEmpty = Object.values(health).every((member) => member === undefined);
  return isEmpty ? undefined : health;
}

function milliseconds(config: JsonObject, name: string): number | undefined {
  const nanoseconds = config.amount(name);
  if (nanoseconds === undefined) return undefined;
  if (nanoseconds < NS_PER_MS)
    throw config.refusal(name, 'it is at least a millisecond, in nanoseconds, or 0');
  return Math.round(nanoseconds / NS_PER_MS);
}
