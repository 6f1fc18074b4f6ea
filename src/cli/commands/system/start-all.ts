import type { Command } from 'commander';
import { exitCodeOf } from '../../command/exit-code.ts';
import type { Session } from '../../command/session.ts';
import { renderError } from '../../output/error.ts';
import { print, printError } from '../../output/print.ts';

const EXAMPLES = `
Starts what has the restart policy always, and what has unless-stopped and was not stopped by anybody.

Examples:
  skiff system start-all     what the unit of skiff system unit calls at boot`;

export function define(command: Command, session: () => Session): void {
  command.addHelpText('after', EXAMPLES).action(() => startAll(session()));
}

async function startAll(session: Session): Promise<void> {
  const { containers } = await session.engine();
  for (const { name, error } of await containers.startAll()) {
    if (error === undefined) print(`${name}\n`);
    else {
      printError(renderError(error, { debug: session.globals.debug === true }));
      process.exitCode ||= exitCodeOf(error, 'start');
    }
  }
}
