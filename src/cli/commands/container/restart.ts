import type { Command } from 'commander';
import { forEachName } from '../../command/for-each-name.ts';
import type { Session } from '../../command/session.ts';
import { addSelection, isActive, type SelectionFlags, selected } from '../../options/selection.ts';
import { addStopOptions, type StopFlags, stopRequest } from '../../options/stop.ts';

interface Flags extends SelectionFlags, StopFlags {
  running?: boolean;
}

const EXAMPLES = `
Examples:
  skiff restart web
  skiff restart -t 1 -s INT web      SIGINT, and SIGKILL after a second
  skiff restart --running            all that run`;

export function define(command: Command, session: () => Session): void {
  addSelection(command, { all: 'all, also those that do not run' });
  command.option('--running', 'all that run');
  addStopOptions(command);
  command
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: Flags) => restart(session(), names, flags));
}

async function restart(session: Session, given: string[], flags: Flags): Promise<void> {
  const { running = false, all = false } = flags;
  const fits = running ? isActive : undefined;
  const names = await selected(session, given, { ...flags, all: all || running }, fits);
  const { containers } = await session.engine();
  await forEachName(session, { names, command: 'restart' }, async (name) => {
    await containers.restart(name, stopRequest(flags));
    return name;
  });
}
