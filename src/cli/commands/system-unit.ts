import type { Command } from 'commander';
import { print } from '../output/print.ts';
import type { Session } from '../session.ts';

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
