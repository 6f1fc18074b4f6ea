import { type Command, Option } from 'commander';
import { collectLabel, collectPair, type Labels } from '../../../grammar/labels.ts';
import { WrongUsage } from '../../command/exit-code.ts';
import type { Session } from '../../command/session.ts';
import { print } from '../../output/print.ts';

interface Flags {
  driver?: string;
  label?: Labels;
  name?: string;
  opt?: Labels;
}

const EXAMPLES = `
Examples:
  skiff volume create data
  skiff volume create                                              a name is made up
  skiff volume create -o type=none -o device=/srv/www -o o=bind www
  skiff volume create -o type=tmpfs -o device=tmpfs -o o=size=100m,mode=1777 scratch
  skiff volume create -o type=nfs -o device=10.0.0.5:/export -o o=nfsvers=4 shared`;

export function define(command: Command, session: () => Session): void {
  command
    .argument('[volume]', 'its name; absent: one is made up')
    .option('-d, --driver <driver>', 'local, the one there is')
    .option('--label <key[=value]>', 'a label, for filters and templates (repeatable)', collectLabel)
    .option(
      '-o, --opt <key=value>',
      'type, device and o, as mount(8) has them, of what is mounted instead (repeatable)',
      collectPair('option'),
    )
    .addOption(new Option('--name <name>').hideHelp())
    .addHelpText('after', EXAMPLES)
    .action((name: string | undefined, flags: Flags) => create(session(), name, flags));
}

async function create(session: Session, given: string | undefined, flags: Flags): Promise<void> {
  if (given !== undefined && flags.name !== undefined)
    throw new WrongUsage('either --name or an argument names a volume, not both', 'leave --name out');
  const { volumes } = await session.engine();
  const { driver, label: labels, opt: options } = flags;
  print(`${await volumes.create({ name: given ?? flags.name, driver, labels, options })}\n`);
}
