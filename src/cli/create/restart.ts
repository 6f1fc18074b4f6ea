import type { Command } from 'commander';
import type { CreateOptions, RestartPolicy } from '../../engine/options/create.ts';
import { EngineError } from '../../errors.ts';
import { parseRestartPolicy } from '../../grammar/restart.ts';
import { booleanWord, natural } from '../../grammar/words.ts';

export interface RestartFlags {
  snapshotOnStart?: NonNullable<CreateOptions['snapshotOnStart']> | false;
  restart?: RestartPolicy;
  timeout?: number;
}

/** Adds the options for what happens when a container ends, and for how long it may run. */
export function addRestartOptions(command: Command): void {
  addRestartPolicy(command.optionsGroup('Supervision:'));
  command.option('--timeout <seconds>', 'stop it after so long; 0: never', natural('timeout'));
  command.option(
    '--snapshot-on-start [keep]',
    'keep its files before each start by a command, and the last N of these snapshots; 3 when absent',
    snapshotsKept,
  );
}

export function addRestartPolicy(command: Command): void {
  command.option(
    '--restart <policy>',
    'start it again when it ends: no (the default), always, unless-stopped or on-failure[:N]',
    parseRestartPolicy,
  );
}

export function restartOptions({
  restart,
  timeout,
  snapshotOnStart,
}: RestartFlags): Pick<CreateOptions, 'restart' | 'runTimeoutMs' | 'snapshotOnStart'> {
  const isDefault = restart?.name === 'no' && !restart.maximum;
  return {
    restart: isDefault ? undefined : restart,
    runTimeoutMs: timeout ? timeout * 1000 : undefined,
    snapshotOnStart: snapshotOnStart || undefined,
  };
}

/** How many are kept; `false`, as of any switch: there are none. Throws `invalid`. */
function snapshotsKept(text: string): RestartFlags['snapshotOnStart'] {
  const count = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : undefined;
  const word = count === undefined ? booleanWord(text) : undefined;
  if (count === undefined && word === undefined) {
    throw new EngineError('invalid', `invalid number of snapshots: "${text}"`, {
      subject: text,
      hint: 'write --snapshot-on-start=N, from 1 to 9999',
    });
  }
  return count === undefined ? word === true && {} : { keep: count };
}
