import type { Healthcheck, ImageConfig } from '../../oci/image-config.ts';
import type { HealthSettings } from '../../runtime/options.ts';
import type { CreateOptions, HealthOptions } from './create.ts';

/** Docker's. Times in ms. */
const DEFAULTS = {
  intervalMs: 30_000,
  timeoutMs: 30_000,
  startPeriodMs: 0,
  startIntervalMs: 5000,
  retries: 3,
  onFailure: 'none',
} as const;

const DEFAULT_SHELL = ['/bin/sh', '-c'];
const NS_PER_MS = 1e6;

/**
 * How a container is checked: what the user says, member by member over the image's HEALTHCHECK, as Docker merges them;
 * without defaults. Undefined: nobody says anything.
 */
export function mergeHealth(
  image: ImageConfig | undefined,
  options: HealthOptions | undefined,
): HealthOptions | undefined {
  const own = image?.config.Healthcheck;
  if (own === undefined) return options;
  const ofImage = fromImage(own);
  if (options === undefined) return ofImage;
  const given = Object.entries(options).filter(([, value]) => value !== undefined && value !== 0);
  return {
    ...ofImage,
    ...Object.fromEntries(given),
    test: options.test?.length ? options.test : ofImage.test,
  };
}

/**
 * Returns the health check for the monitor, with Docker's defaults for what neither image nor user sets. Undefined:
 * there is no check, or it is `NONE`.
 */
export function healthSettings(
  image: ImageConfig | undefined,
  options: Pick<CreateOptions, 'health' | 'shell'>,
): HealthSettings | undefined {
  const health = mergeHealth(image, options.health);
  const argv = commandOf(health?.test, options.shell);
  if (health === undefined || argv === undefined) return undefined;
  return {
    argv,
    intervalMs: health.intervalMs || DEFAULTS.intervalMs,
    timeoutMs: health.timeoutMs || DEFAULTS.timeoutMs,
    startPeriodMs: health.startPeriodMs || DEFAULTS.startPeriodMs,
    startIntervalMs: health.startIntervalMs || DEFAULTS.startIntervalMs,
    retries: health.retries || DEFAULTS.retries,
    onFailure: health.onFailure ?? DEFAULTS.onFailure,
  };
}

/** Docker's kinds: `CMD-SHELL` is a line; an image's SHELL is not for it. One that is not known checks nothing, as with Docker. */
function commandOf(test: readonly string[] | undefined, shell: readonly string[] | undefined) {
  const [kind, ...words] = test ?? [];
  if (words.length === 0) return undefined;
  if (kind === 'CMD') return words;
  if (kind === 'CMD-SHELL') return [...(shell?.length ? shell : DEFAULT_SHELL), ...words];
  return undefined;
}

function fromImage(own: Healthcheck): HealthOptions {
  return {
    test: own.Test?.length ? own.Test : undefined,
    intervalMs: milliseconds(own.Interval),
    timeoutMs: milliseconds(own.Timeout),
    startPeriodMs: milliseconds(own.StartPeriod),
    startIntervalMs: milliseconds(own.StartInterval),
    retries: own.Retries !== undefined && own.Retries > 0 ? own.Retries : undefined,
  };
}

/**
 * Converts nanoseconds to milliseconds, at least 1, as 0 would be the default; undefined, the default, for 0 and less.
 */
function milliseconds(nanoseconds = 0): number | undefined {
  return nanoseconds > 0 ? Math.max(1, Math.round(nanoseconds / NS_PER_MS)) : undefined;
}
