import type { Command } from 'commander';
import type { HealthOptions } from '../../engine/options/create.ts';
import { duration } from '../../grammar/duration.ts';
import { natural, oneOf } from '../../grammar/words.ts';
import { addMembers, type GivenFlags, type MemberFlags, membersOf } from '../options/members.ts';

/** `healthcheck` is false with `--no-healthcheck`. */
const FLAGS: MemberFlags<HealthOptions & { healthcheck?: boolean }> = {
  test: [
    '--health-cmd <command>',
    'what says by its exit code whether all is well, run by its shell',
    (text) => (text === '' ? undefined : ['CMD-SHELL', text]),
  ],
  intervalMs: [
    '--health-interval <duration>',
    'time between checks; 30s when absent',
    notZero(duration('health interval')),
  ],
  timeoutMs: [
    '--health-timeout <duration>',
    'how long a check may take; 30s',
    notZero(duration('health timeout')),
  ],
  retries: [
    '--health-retries <number>',
    'so many in a row make it unhealthy; 3',
    notZero(natural('health retries')),
  ],
  startPeriodMs: [
    '--health-start-period <duration>',
    'time to come up, in which failures do not count; 0s',
    notZero(duration('health start period')),
  ],
  startIntervalMs: [
    '--health-start-interval <duration>',
    'time between checks while it comes up; 5s',
    notZero(duration('health start interval')),
  ],
  onFailure: [
    '--health-on-failure <action>',
    'what to do when it is unhealthy: none, kill, restart or stop',
    oneOf('none', 'kill', 'restart', 'stop'),
  ],
  healthcheck: ['--no-healthcheck', 'do not check, whatever the image says'],
};

/** Adds the options for how a container's health is checked. */
export function addHealthOptions(command: Command): void {
  addMembers(command.optionsGroup('Health:'), FLAGS);
}

/**
 * Reads the options of the health check; undefined when none was given. Those given besides `--no-healthcheck` follow
 * its `NONE`, for the engine to refuse.
 */
export function healthOptions(given: GivenFlags): HealthOptions | undefined {
  const { healthcheck, ...health } = membersOf(FLAGS, given);
  if (healthcheck === false) return { ...health, test: ['NONE', ...(health.test ?? [])] };
  return Object.keys(health).length > 0 ? health : undefined;
}

/** Makes 0 mean absent, as with Docker: the image's value or the default counts. */
function notZero(read: (text: string) => number): (text: string) => number | undefined {
  return (text) => read(text) || undefined;
}
