import type { Command } from 'commander';
import type { Session } from '../command/session.ts';

/** The helper calls this when it finds a bridge or the firewall missing. */
export function define(command: Command, session: () => Session): void {
  command.action(async () => {
    const { networks } = await session().engine();
    await networks.repair();
  });
}
