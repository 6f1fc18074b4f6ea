import type { Command } from 'commander';
import { EngineError } from '../../../errors.ts';
import { forEachName } from '../../command/for-each-name.ts';
import type { Session } from '../../command/session.ts';
import { addUpdatableOptions, changedResources } from '../../create/resources.ts';
import { addRestartPolicy, type RestartFlags } from '../../create/restart.ts';
import { type GivenFlags, givenFlags } from '../../options/members.ts';
import { addSelection, type SelectionFlags, selected } from '../../options/selection.ts';

interface Flags extends SelectionFlags, Pick<RestartFlags, 'restart'> {
  given: GivenFlags;
}

const EXAMPLES = `
Examples:
  skiff update --cpus 0.5 web                       half a CPU from now on
  skiff update -m 512m --memory-swap 1g web db      more memory for two containers
  skiff update --pids-limit -1 web                  no limit of processes any more
  skiff update --restart unless-stopped web         also after a reboot`;

export function define(command: Command, session: () => Session): void {
  addSelection(command);
  addUpdatableOptions(command);
  addRestartPolicy(command);
  command
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: Omit<Flags, 'given'>) =>
      update(session(), names, { ...flags, given: givenFlags(command) }),
    );
}

async function update(session: Session, given: string[], flags: Flags): Promise<void> {
  const changes = { ...changedResources(flags.given), restart: flags.restart };
  if (Object.values(changes).every((change) => change === undefined))
    throw new EngineError('invalid', 'nothing to update', {
      hint: 'say a limit or a policy that is to change',
    });
  const names = await selected(session, given, flags);
  const { containers } = await session.engine();
  await forEachName(session, { names, command: 'update' }, async (name) => {
    await containers.update(name, changes);
    return name;
  });
}
