import type { Command } from 'commander';
import { EngineError } from '../../../errors.ts';
import { forEachName } from '../../command/for-each-name.ts';
import type { Session } from '../../command/session.ts';

interface Flags {
  force?: boolean;
}

const EXAMPLES = `
Examples:
  skiff volume rm data logs
  skiff volume rm -f data        that there is none is no failure`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<volume...>', 'names')
    .option('-f, --force', 'one that there is not is fine; one that a container uses stays')
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: Flags) => remove(session(), names, flags));
}

async function remove(session: Session, names: string[], { force = false }: Flags): Promise<void> {
  const { volumes } = await session.engine();
  await forEachName(session, { names, command: 'rm' }, async (name) => {
    try {
      await volumes.remove(name);
    } catch (error) {
      if (!(force && error instanceof EngineError && error.kind === 'notFound')) throw error;
    }
    return name;
  });
}
