import type { Command } from 'commander';
import type { ClientOptions } from '../../../engine/options/client.ts';
import { EngineError } from '../../../errors.ts';
import { replaceProcess } from '../../../host/replace-process.ts';
import { forEachName } from '../../command/for-each-name.ts';
import type { Session } from '../../command/session.ts';
import { addClientOptions, type ClientFlags } from '../../options/client.ts';
import { addSelection, isActive, type SelectionFlags, selected } from '../../options/selection.ts';
import { acceptSwitchValues } from '../../options/switches.ts';
import { print } from '../../output/print.ts';

interface Flags extends SelectionFlags, ClientFlags {
  attach?: boolean;
  interactive?: boolean;
}

const EXAMPLES = `
Examples:
  skiff start web db           in the background, one after another
  skiff start -ai shell        with its streams, and what is typed here
  skiff start --all            whatever does not run`;

export function define(command: Command, session: () => Session): void {
  addSelection(command, { all: 'all that do not run', shortAll: false });
  command
    .option('-a, --attach', 'show its output, pass signals on, and exit with its code')
    .option('-i, --interactive', 'relay standard input as well');
  addClientOptions(command);
  acceptSwitchValues(command, { interspersed: true });
  command
    .addHelpText('after', EXAMPLES)
    .action((names: string[], flags: Flags) => start(session(), names, flags));
}

async function start(session: Session, given: string[], flags: Flags): Promise<void> {
  const names = await selected(session, given, flags, (one) => !isActive(one));
  if (flags.attach === true || flags.interactive === true) return await startAttached(session, names, flags);
  const [name] = names;
  if (name !== undefined && names.length === 1) return await startOne(session, name);
  const { containers } = await session.engine();
  await forEachName(session, { names, command: 'start' }, async (name) => {
    await containers.startDetached(name);
    return name;
  });
}

/**
 * Starts one container in the background. This process becomes the program that starts it: running another one would
 * take a fifth longer.
 */
async function startOne(session: Session, name: string): Promise<void> {
  const { containers } = await session.engine();
  const handover = await containers.start(name, { mode: 'detach', name });
  if (handover !== undefined) replaceProcess(handover);
  print(`${name}\n`);
}

/** Starts one container and attaches to it. As with Docker `-i` alone shows the output as well. */
async function startAttached(session: Session, names: readonly string[], flags: Flags): Promise<void> {
  const [name] = names;
  if (name === undefined) return;
  if (names.length > 1) {
    throw new EngineError('invalid', 'only one container can be started and attached to at once', {
      hint: 'start them without -a and -i, then skiff attach to one of them',
    });
  }
  const { containers } = await session.engine();
  const client: ClientOptions = {
    streams: flags.interactive === true ? undefined : ['stdout', 'stderr'],
    detachKeys: flags.detachKeys,
    forwardSignals: flags.sigProxy,
  };
  const handover = await containers.start(name, { mode: 'attach', client });
  if (handover !== undefined) replaceProcess(handover);
}
