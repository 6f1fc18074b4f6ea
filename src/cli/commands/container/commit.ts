import type { Command } from 'commander';
import { listOf } from '../../../grammar/words.ts';
import { interruptible } from '../../command/interruptible.ts';
import type { Session } from '../../command/session.ts';
import { booleanSwitch } from '../../options/boolean-switch.ts';
import { acceptSwitchValues } from '../../options/switches.ts';
import { print } from '../../output/print.ts';

interface Flags {
  author?: string;
  change?: string[];
  message?: string;
  pause: boolean;
}

const EXAMPLES = `
Examples:
  skiff commit web team/web:fixed
  skiff commit -m 'with the patch' -c 'CMD ["/bin/serve"]' -c 'ENV MODE=live' web team/web
  skiff commit --pause=false db                 while it goes on: files may be half written`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<container>', 'a name or id')
    .argument('[name]', 'of the image: repository or repository:tag')
    .option('-a, --author <text>', 'who made it')
    .option(
      '-c, --change <instruction>',
      'CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, USER, VOLUME or WORKDIR, as in a Dockerfile (repeatable)',
      listOf((text: string) => text),
    )
    .option('-m, --message <text>', "what was done, for the image's history")
    .option(
      '-p, --pause [boolean]',
      'stop all of the container while its files are copied',
      booleanSwitch('--pause'),
      true,
    )
    .option('--no-pause', 'let it go on meanwhile')
    .addHelpText('after', EXAMPLES)
    .action((container: string, name: string | undefined, flags: Flags) =>
      commit(session(), { container, name, flags }),
    );
  acceptSwitchValues(command, { interspersed: true });
}

async function commit(
  session: Session,
  { container, name, flags }: { container: string; name: string | undefined; flags: Flags },
): Promise<void> {
  const { author, change, message, pause } = flags;
  const { containers } = await session.engine();
  const id = await interruptible((signal) =>
    containers.commit(container, { name, author, message, changes: change, pause, signal }),
  );
  print(`${id}\n`);
}
