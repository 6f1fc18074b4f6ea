import type { Command } from 'commander';
import type { WaitCondition } from '../../../engine/lifecycle/wait.ts';
import { oneOf } from '../../../grammar/words.ts';
import { forEachName } from '../../command/for-each-name.ts';
import type { Session } from '../../command/session.ts';
import { addSelection, type SelectionFlags, selected } from '../../options/selection.ts';

/** `not-running` is how Docker's API calls `stopped`. */
type Condition = WaitCondition | 'not-running';

interface Flags extends SelectionFlags {
  condition?: Condition;
}

const EXAMPLES = `
Examples:
  skiff wait web                         its exit code, once it does not run
  skiff wait --condition removed web     until there is no such container any more`;

export function define(command: Command, session: () => Session): void {
  addSelection(command);
  command
    .option(
      '--condition <condition>',
      'stopped (the default), next-exit, removed or running',
      oneOf<Condition>('stopped', 'not-running', 'next-exit', 'removed', 'running'),
    )
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: Flags) => wait(session(), names, flags));
}

/** Waits for all containers at once: one that ends first may be gone when the others end. */
async function wait(session: Session, given: string[], flags: Flags): Promise<void> {
  const names = await selected(session, given, flags);
  const condition = flags.condition === 'not-running' ? 'stopped' : flags.condition;
  const { containers } = await session.engine();
  await forEachName(session, { names, command: 'wait', together: true }, async (name) =>
    String(await containers.wait(name, condition)),
  );
}
