import type { Command } from 'commander';
import { parseSignal } from '../../../runtime/monitor/signals.ts';
import { forEachName } from '../../command/for-each-name.ts';
import type { Session } from '../../command/session.ts';
import { addSelection, isActive, type SelectionFlags, selected } from '../../options/selection.ts';

interface Flags extends SelectionFlags {
  signal: string;
}

const EXAMPLES = `
Examples:
  skiff kill web                    at once, without asking
  skiff kill -s HUP web             read the configuration again
  skiff kill --all`;

export function define(command: Command, session: () => Session): void {
  addSelection(command, { all: 'all that run' });
  command
    .option('-s, --signal <signal>', 'which one: TERM, SIGTERM or 15', 'KILL')
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: Flags) => kill(session(), names, flags));
}

async function kill(session: Session, given: string[], flags: Flags): Promise<void> {
  const signal = parseSignal(flags.signal);
  const names = await selected(session, given, flags, isActive);
  const { containers } = await session.engine();
  await forEachName(session, { names, command: 'kill' }, async (name) => {
    await containers.kill(name, signal);
    return name;
  });
}
