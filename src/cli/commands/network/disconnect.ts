import type { Command } from 'commander';
import type { Session } from '../../command/session.ts';
import { remarkOnHosts } from '../../output/network-change.ts';

interface Flags {
  force?: boolean;
}

const EXAMPLES = `
Examples:
  skiff network disconnect front web     at once if it runs, and for all its starts`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<network>', 'a name or an id')
    .argument('<container>', 'a name or an id')
    .option('-f, --force', 'a container that there is not any more is fine')
    .addHelpText('after', EXAMPLES)
    .action(async (network: string, container: string, { force = false }: Flags) => {
      const { networks } = await session().engine();
      remarkOnHosts(await networks.disconnect(network, container, { force }));
    });
}
