import type { Command } from 'commander';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';

const EXAMPLES = `
Examples:
  skiff system unit > /etc/systemd/system/skiff.service
  systemctl enable skiff     containers with a restart policy come back after a reboot`;

export function define(command: Command, session: () => Session): void {
  command.addHelpText('after', EXAMPLES).action(async () => {
    const { containers } = await session().engine();
    print(await containers.systemdUnit());
  });
}
