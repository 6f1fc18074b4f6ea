import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { shellWords } from '../../build/stages/config-instructions.ts';
import { EngineError } from '../../errors.ts';
import type { ShellOpener } from './options.ts';
import { type EndedStep, runStepOnTerminal, type StepContainer } from './run-step.ts';
import type { StageAt } from './stage.ts';

/** A step that has failed, and how it was run. */
interface FailedStep {
  ended: EndedStep;
  container: StepContainer;
}

/**
 * Keeps what a RUN has left that has failed, until the build ends. What is returned runs a shell on that, with what the step
 * had mounted, which is to be there as long.
 */
export function keepFailedRun({ build, stage }: StageAt, { ended, container }: FailedStep): ShellOpener {
  const { context, workspace, options } = build.parts;
  const upper = join(build.directory(), 'failed');
  renameSync(ended.upper, upper);
  const [shell = ''] = shellWords(stage.state.config.config, '');
  return async (command = [shell]) => {
    const opened = { ...container.options.process, command: [...command] };
    const again = { ...container, options: { ...container.options, process: opened } };
    const { tmp } = workspace;
    const failure = await runStepOnTerminal(context, again, { upper, tmp, signal: options.signal });
    if (failure === undefined) return;
    const { message, kind = 'unavailable' } = failure;
    throw new EngineError(kind, `no shell was opened: ${message}`, {
      hint: 'name another one that the stage has, with --shell-on-fail=COMMAND',
    });
  };
}
