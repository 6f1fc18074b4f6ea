import type { Command } from 'commander';
import { forEachName } from '../each.ts';
import { addUpdatableOptions, type ResourceFlags, resourceOptions } from '../options/resources.ts';
import type { Session } from '../session.ts';

const EXAMPLES = `
Examples:
  skiff update --cpus 0.5 web                       half a CPU from now on
  skiff update -m 512m --memory-swap 1g web db      more memory for two containers
  skiff update --pids-limit -1 web                  no limit of processes any more`;

export function define(command: Command, session: () => Session): void {
  command.argument('<container...>', 'names or ids');
  addUpdatableOptions(command);
  command
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: ResourceFlags) => update(session(), names, flags));
}

async function update(session: Session, names: string[], flags: ResourceFlags): Promise<void> {
  const changes = resourceOptions(flags);
  const { containers } = await session.engine();
  await forEachName(session, { names, command: 'update' }, async (name) => {
    await containers.update(name, changes);
    return name;
  });
}
