import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Handover } from '../host/replace-process.ts';
import type { Context } from './context.ts';
import { diskError, undoCreation } from './create-container.ts';
import type { PreparedContainer } from './prepare-container.ts';

/**
 * Writes the plan of a container that was just created to RUN/ID. What is returned performs it. When that fails
 * nothing is left of the container.
 */
export function startContainer(
  context: Context,
  prepared: PreparedContainer,
  mode: 'attach' | 'detach',
): Handover {
  const { runDir } = prepared.runtime.identity;
  try {
    for (const made of [runDir, context.paths.gone]) mkdirSync(made, { recursive: true, mode: 0o700 });
    const file = join(runDir, 'plan');
    writePlanFile(file, prepared.plan);
    return { file: context.helper, args: ['skiff-helper', 'run', file, mode] };
  } catch (cause) {
    undoCreation(context, prepared);
    throw diskError(cause, context.paths.run);
  }
}

/**
 * In one step, so that a plan that is there is complete: without one nothing was ever started. It need not survive a
 * power cut, and waiting for the disk would cost more than all the rest.
 */
function writePlanFile(file: string, plan: Uint8Array): void {
  const draft = `${file}.draft`;
  writeFileSync(draft, plan, { mode: 0o600 });
  renameSync(draft, file);
}
