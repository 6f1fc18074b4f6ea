import type { Command } from 'commander';
import { replaceProcess } from '../../../host/replace-process.ts';
import type { Session } from '../../command/session.ts';
import { addClientOptions, type ClientFlags, clientOptions, requireTerminal } from '../../options/client.ts';
import { addLatest, selected } from '../../options/selection.ts';
import { acceptSwitchValues } from '../../options/switches.ts';

interface Flags extends ClientFlags {
  stdin?: boolean;
  latest?: boolean;
}

export function define(command: Command, session: () => Session): void {
  command
    .argument('[container]', 'a name or id')
    .option('--no-stdin', 'do not relay standard input')
    .addHelpText('after', EXAMPLES)
    .action((name: string | undefined, flags: Flags) => attach(session(), name, flags));
  addLatest(command);
  addClientOptions(command);
  acceptSwitchValues(command, { interspersed: true });
}

const EXAMPLES = `
Examples:
  skiff attach web                  its output from now on; Ctrl-C goes to the container
  skiff attach --no-stdin shell     watch a terminal without typing into it`;

async function attach(session: Session, given: string | undefined, flags: Flags): Promise<never> {
  const [name = ''] = await selected(session, given === undefined ? [] : [given], flags);
  const { containers } = await session.engine();
  const client = clientOptions(flags);
  const streams = flags.stdin === false ? (['stdout', 'stderr'] as const) : undefined;
  const { handover, terminal } = await containers.attach(name, { ...client, streams });
  if (terminal && flags.stdin !== false) await requireTerminal();
  replaceProcess(handover);
}
