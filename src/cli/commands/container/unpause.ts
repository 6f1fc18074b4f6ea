import type { Command } from 'commander';
import { forEachName } from '../../command/for-each-name.ts';
import type { Session } from '../../command/session.ts';
import { addSelection, isPaused, type SelectionFlags, selected } from '../../options/selection.ts';

const EXAMPLES = `
Examples:
  skiff unpause web
  skiff unpause --all`;

export function define(command: Command, session: () => Session): void {
  addSelection(command, { all: 'all that are paused' });
  command
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: SelectionFlags) => unpause(session(), names, flags));
}

async function unpause(session: Session, given: string[], flags: SelectionFlags): Promise<void> {
  const names = await selected(session, given, flags, isPaused);
  const { containers } = await session.engine();
  await forEachName(session, { names, command: 'unpause' }, async (name) => {
    await containers.unpause(name);
    return name;
  });
}
