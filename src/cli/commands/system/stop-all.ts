import type { Command } from 'commander';
import type { Session } from '../../command/session.ts';

const EXAMPLES = `
Examples:
  skiff system stop-all      before a reboot: start-all brings back what is to run`;

export function define(command: Command, session: () => Session): void {
  command.addHelpText('after', EXAMPLES).action(async () => {
    const { containers } = await session().engine();
    await containers.stopAll();
  });
}
