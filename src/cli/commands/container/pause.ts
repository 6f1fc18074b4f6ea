import type { Command } from 'commander';
import { forEachName } from '../../command/for-each-name.ts';
import type { Session } from '../../command/session.ts';
import { addSelection, isActive, isPaused, type SelectionFlags, selected } from '../../options/selection.ts';

const EXAMPLES = `
Examples:
  skiff pause web            nothing in it runs until skiff unpause web
  skiff pause --all`;

export function define(command: Command, session: () => Session): void {
  addSelection(command, { all: 'all that run' });
  command
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: SelectionFlags) => pause(session(), names, flags));
}

async function pause(session: Session, given: string[], flags: SelectionFlags): Promise<void> {
  const names = await selected(session, given, flags, (one) => isActive(one) && !isPaused(one));
  const { containers } = await session.engine();
  await forEachName(session, { names, command: 'pause' }, async (name) => {
    await containers.pause(name);
    return name;
  });
}
