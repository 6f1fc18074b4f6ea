import type { Command } from 'commander';
import type { LogOptions } from '../../engine/options/create.ts';
import { EngineError } from '../../errors.ts';
import { some } from '../parse/words.ts';

type Options = LogOptions['options'];

export interface LoggingFlags {
  logDriver?: string;
  logOpt?: Options;
}

/** Where what it writes is kept. */
export function addLoggingOptions(command: Command): void {
  command
    .optionsGroup('Logs:')
    .option(
      '--log-driver <driver>',
      'json-file (the default), local, none, journald or syslog',
      some('the log driver'),
    )
    .option(
      '--log-opt <key=value>',
      'of the driver: max-size, max-file, compress, labels, env, tag, … (repeatable)',
      collectLogOpt,
    );
}

/** Docker's default driver when only its options are named; whether there are such is the engine's to say. */
export function loggingOptions({ logDriver, logOpt }: LoggingFlags): LogOptions | undefined {
  if (logDriver === undefined && logOpt === undefined) return undefined;
  return { driver: logDriver ?? 'json-file', options: logOpt ?? {} };
}

function collectLogOpt(text: string, previous: Options = {}): Options {
  const equals = text.indexOf('=');
  if (equals > 0) return { ...previous, [text.slice(0, equals)]: text.slice(equals + 1) };
  throw new EngineError('invalid', `invalid option of a log driver: "${text}"`, {
    subject: text,
    hint: 'write KEY=VALUE, as in max-size=10m',
  });
}
