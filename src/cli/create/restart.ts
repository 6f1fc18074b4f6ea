import type { Command } from 'commander';
import type { CreateOptions, RestartPolicy } from '../../engine/options/create.ts';
import { EngineError } from '../../errors.ts';
import { parseRestartPolicy } from '../parse/restart.ts';
import { natural } from '../parse/words.ts';

export interface RestartFlags {
  restart?: RestartPolicy;
  timeout?: number;
}

/** What becomes of it when it ends, and how long it may take. */
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

/** Throws `invalid` for a policy of something that is removed when it ends. */
export function restartOptions(
  { restart, timeout }: RestartFlags,
  { autoRemove }: { autoRemove: boolean },
): Pick<CreateOptions, 'restart' | 'runTimeoutMs'> {
  const restarts = restart !== undefined && restart.name !== 'no';
  if (restarts && autoRemove) {
    throw new EngineError('invalid', '--restart and --rm contradict each other', {
      subject: '--restart',
      hint: 'leave one of them out: what is removed cannot be started again',
    });
  }
  return { restart: restarts ? restart : undefined, runTimeoutMs: timeout ? timeout * 1000 : undefined };
}
