import type { Command } from 'commander';
import { forEachName } from '../../command/for-each-name.ts';
import type { Session } from '../../command/session.ts';
import { addSelection, type SelectionFlags, selected } from '../../options/selection.ts';

interface Flags extends SelectionFlags {
  force?: boolean;
  volumes?: boolean;
}

const EXAMPLES = `
Examples:
  skiff rm web db
  skiff rm -f web            also when it runs
  skiff rm --all -f          every container there is`;

export function define(command: Command, session: () => Session): void {
  addSelection(command, { all: 'all; those that run only with --force' });
  command
    .option('-f, --force', 'kill it first when it runs; that there is none is no failure')
    .option('-v, --volumes', 'its anonymous volumes as well')
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: Flags) => remove(session(), names, flags));
}

async function remove(session: Session, given: string[], flags: Flags): Promise<void> {
  const names = await selected(session, given, flags);
  const { containers } = await session.engine();
  const force = flags.force === true;
  await forEachName(session, { names, command: 'rm', mayBeAbsent: force }, async (name) => {
    await containers.remove(name, { force, volumes: flags.volumes === true });
    return name;
  });
}
