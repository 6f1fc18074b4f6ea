import type { Command } from 'commander';
import { EngineError } from '../../../errors.ts';
import { forEachName } from '../../command/for-each-name.ts';
import type { Session } from '../../command/session.ts';
import { remarkOnHosts } from '../../output/network-change.ts';

interface Flags {
  force?: boolean;
}

const EXAMPLES = `
Examples:
  skiff network rm front back
  skiff network rm -f front      also when containers are on it, which it leaves without it`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<network...>', 'names or ids')
    .option('-f, --force', 'disconnect the containers that are on it; one that there is not is fine')
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: Flags) => remove(session(), names, flags));
}

async function remove(session: Session, names: string[], { force = false }: Flags): Promise<void> {
  const { networks } = await session.engine();
  await forEachName(session, { names, command: 'rm' }, async (name) => {
    try {
      for (const change of await networks.remove(name, { force })) remarkOnHosts(change);
    } catch (error) {
      if (force && error instanceof EngineError && error.kind === 'notFound') return undefined;
      throw error;
    }
    return name;
  });
}
