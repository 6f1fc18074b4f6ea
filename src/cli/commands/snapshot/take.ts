import type { Command } from 'commander';
import { interruptible } from '../../command/interruptible.ts';
import type { Session } from '../../command/session.ts';
import { booleanSwitch } from '../../options/boolean-switch.ts';
import { acceptSwitchValues } from '../../options/switches.ts';
import { print } from '../../output/print.ts';

interface Flags {
  pause: boolean;
}

const EXAMPLES = `
What is kept are the files that the container has made or changed itself. Volumes and other mounts are no part of a
snapshot, and neither are processes and memory.

Examples:
  skiff snapshot web                     its name is the time
  skiff snapshot web before-upgrade      then: skiff diff web@before-upgrade, skiff undo web@before-upgrade
  skiff snapshot --pause=false db        while it goes on: files may be half written
  skiff snapshot ls web
  skiff snapshot rm web@before-upgrade`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('<container>', 'a name or id; it may run, be paused, or not')
    .argument('[name]', 'of the snapshot; the time when absent')
    .option(
      '-p, --pause [boolean]',
      'stop all of the container while its files are copied',
      booleanSwitch('--pause'),
      true,
    )
    .option('--no-pause', 'let it go on meanwhile')
    .addHelpText('after', EXAMPLES)
    .action((container: string, name: string | undefined, { pause }: Flags) =>
      take(session(), container, { name, pause }),
    );
  acceptSwitchValues(command, { interspersed: true });
}

async function take(
  session: Session,
  container: string,
  options: { name: string | undefined; pause: boolean },
): Promise<void> {
  const { containers } = await session.engine();
  const name = await interruptible((signal) => containers.snapshot(container, options, { signal }));
  print(`${name}\n`);
}
