import type { Command } from 'commander';
import { registryOf } from '../../../engine/images/login.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';

export function define(command: Command, session: () => Session): void {
  command
    .argument('[registry]', 'host or host:port; Docker Hub when absent')
    .action((server: string | undefined) => logout(session(), server));
}

async function logout(session: Session, server: string | undefined): Promise<void> {
  const domain = registryOf(server);
  const { logins } = await session.engine();
  const shown = domain === 'docker.io' ? 'https://index.docker.io/v1/' : domain;
  const known = await logins.logout(domain);
  print(known ? `Removing login credentials for ${shown}\n` : `Not logged in to ${shown}\n`);
}
