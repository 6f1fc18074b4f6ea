import type { Command } from 'commander';
import { EngineError } from '../../../errors.ts';
import { API_SOCKET } from '../../command/api-socket.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';

const EXAMPLES = `
Examples:
  skiff system unit > /etc/systemd/system/skiff.service
  systemctl enable skiff     containers with a restart policy come back after a reboot

  skiff system unit --api=socket > /etc/systemd/system/skiff-api.socket
  skiff system unit --api=service > /etc/systemd/system/skiff-api.service
  systemctl enable --now skiff-api.socket
  DOCKER_HOST=unix://${API_SOCKET} docker ps     the service starts, and goes when nobody asks`;

export function define(command: Command, session: () => Session): void {
  command
    .option(
      '--api [part]',
      "print the units for Docker's Engine API instead: socket, service, or both after one another",
    )
    .addHelpText('after', EXAMPLES)
    .action(async ({ api }: { api?: string | true }) => {
      const { containers } = await session().engine();
      if (api === undefined) return print(await containers.systemdUnit());
      const { socket, service } = await containers.apiUnits(API_SOCKET);
      if (api === 'socket') print(socket);
      else if (api === 'service') print(service);
      else if (api === true) print(`# skiff-api.socket\n${socket}\n# skiff-api.service\n${service}`);
      else throw new EngineError('invalid', `--api is socket or service, and not "${api}"`, { subject: api });
    });
}
