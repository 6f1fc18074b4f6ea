import type { Command } from 'commander';
import { joinStdio } from '../../../host/join-stdio.ts';
import type { Session } from '../../command/session.ts';

const EXAMPLES = `
Docker's clients call it by ssh on the host that they are to speak to. Nothing needs to run there: the first of
them starts a service of this store, which goes half a minute after the last request.

Examples, with skiff on the host by the name of docker (skiff install --docker-alias):
  DOCKER_HOST=ssh://root@host docker ps
  docker context create there --docker host=ssh://root@host`;

export function define(command: Command, session: () => Session): void {
  command.addHelpText('after', EXAMPLES).action(async () => {
    const engine = await session().engine();
    const path = await engine.reachService(service);
    // Who called may go without a word, while nothing is said that it would not take.
    using reader = await engine.watchReader();
    await joinStdio(path, reader.signal);
  });
}

function service(path: string): string[] {
  return ['system', 'service', '-H', `unix://${path}`, '--idle-timeout', '30s'];
}
