import type { Command } from 'commander';
import type { LogOptions } from '../../engine/options/create.ts';
import { EngineError } from '../../errors.ts';
import { some } from '../../grammar/words.ts';
import { addMembers, type GivenFlags, type MemberFlags, membersOf } from '../options/members.ts';

type Options = LogOptions['options'];

const FLAGS: MemberFlags<LogOptions> = {
  driver: [
    '--log-driver <driver>',
    'json-file (the default), local, none, journald or syslog',
    some('the log driver'),
  ],
  options: [
    '--log-opt <key=value>',
    'of the driver: max-size, max-file, compress, labels, env, tag, … (repeatable)',
    collectLogOpt,
  ],
};

/** Adds the options for where a container's output is kept. */
export function addLoggingOptions(command: Command): void {
  addMembers(command.optionsGroup('Logs:'), FLAGS);
}

/**
 * Reads the options of the log: Docker's default driver when only its options are named; whether it has those is the
 * engine's to say.
 */
export function loggingOptions(given: GivenFlags): LogOptions | undefined {
  const { driver, options } = membersOf(FLAGS, given);
  if (driver === undefined && options === undefined) return undefined;
  return { driver: driver ?? 'json-file', options: options ?? {} };
}

function collectLogOpt(text: string, previous: Options = {}): Options {
  const equals = text.indexOf('=');
  if (equals > 0) return { ...previous, [text.slice(0, equals)]: text.slice(equals + 1) };
  throw new EngineError('invalid', `invalid option of a log driver: "${text}"`, {
    subject: text,
    hint: 'write KEY=VALUE, as in max-size=10m',
  });
}
