import type { Command } from 'commander';
import type { HealthOptions } from '../../engine/options/create.ts';
import { EngineError } from '../../errors.ts';
import { duration } from '../parse/duration.ts';
import { natural, oneOf } from '../parse/words.ts';

type OnFailure = NonNullable<HealthOptions['onFailure']>;

export interface HealthFlags {
  healthCmd?: string;
  healthInterval?: number;
  healthOnFailure?: OnFailure;
  healthRetries?: number;
  healthStartInterval?: number;
  healthStartPeriod?: number;
  healthTimeout?: number;
  /** False for `--no-healthcheck`. */
  healthcheck?: boolean;
}

/** How one finds out whether it does its work. */
export function addHealthOptions(command: Command): void {
  command
    .optionsGroup('Health:')
    .option('--health-cmd <command>', 'what says by its exit code whether all is well, run by its shell')
    .option(
      '--health-interval <duration>',
      'time between checks; 30s when absent',
      duration('health interval'),
    )
    .option('--health-timeout <duration>', 'how long a check may take; 30s', duration('health timeout'))
    .option('--health-retries <number>', 'so many in a row make it unhealthy; 3', natural('health retries'))
    .option(
      '--health-start-period <duration>',
      'time to come up, in which failures do not count; 0s',
      duration('health start period'),
    )
    .option(
      '--health-start-interval <duration>',
      'time between checks while it comes up; 5s',
      duration('health start interval'),
    )
    .option(
      '--health-on-failure <action>',
      'what to do when it is unhealthy: none, kill, restart or stop',
      oneOf<OnFailure>('none', 'kill', 'restart', 'stop'),
    )
    .option('--no-healthcheck', 'do not check, whatever the image says');
}

/** Undefined when nothing was said. As with Docker 0 means the image's or the default. Throws `invalid`. */
export function healthOptions(flags: HealthFlags): HealthOptions | undefined {
  const health: HealthOptions = {
    test: flags.healthCmd ? ['CMD-SHELL', flags.healthCmd] : undefined,
    intervalMs: flags.healthInterval || undefined,
    timeoutMs: flags.healthTimeout || undefined,
    startPeriodMs: flags.healthStartPeriod || undefined,
    startIntervalMs: flags.healthStartInterval || undefined,
    retries: flags.healthRetries || undefined,
    onFailure: flags.healthOnFailure,
  };
  const isSaid = Object.values(health).some((value) => value !== undefined);
  if (flags.healthcheck !== false) return isSaid ? health : undefined;
  if (!isSaid) return { test: ['NONE'] };
  throw new EngineError('invalid', '--no-healthcheck and --health options contradict each other', {
    subject: '--no-healthcheck',
    hint: 'leave one of them out',
  });
}
