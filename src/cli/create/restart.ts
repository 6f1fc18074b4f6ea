import type { Command } from 'commander';
import type { CreateOptions, RestartPolicy } from '../../engine/options/create.ts';
import { parseRestartPolicy } from '../parse/restart.ts';
import { natural } from '../parse/words.ts';

export interface RestartFlags {
  restart?: RestartPolicy;
  timeout?: number;
}

/** Adds the options for what happens when a container ends, and for how long it may run. */
export function addRestartOptions(command: Command): void {
  addRestartPolicy(command.optionsGroup('Supervision:'));
  command.option('--timeout <seconds>', 'stop it after so long; 0: never', natural('timeout'));
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
}: RestartFlags): Pick<CreateOptions, 'restart' | 'runTimeoutMs'> {
  const isDefault = restart?.name === 'no' && !restart.maximum;
  return { restart: isDefault ? undefined : restart, runTimeoutMs: timeout ? timeout * 1000 : undefined };
}
