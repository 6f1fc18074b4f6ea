import type { Command } from 'commander';
import { explainFailure } from '../../runtime/failure/failure.ts';
import type { Session } from '../command/session.ts';
import { renderError } from '../output/error.ts';
import { printError } from '../output/print.ts';

/** The helper calls this when a process could not be started in a container, with the fields of its error record. */
export function define(command: Command, session: () => Session): void {
  command
    .argument('<command>')
    .argument('<user>')
    .argument('<stage>')
    .argument('<errno>')
    .argument('<detail>')
    .action((word: string, user: string, stage: string, errno: string, detail: string) => {
      const record = { stage, errno: Number(errno), detail };
      const { error, exitCode } = explainFailure(record, { command: word, user });
      printError(renderError(error, { debug: session().globals.debug === true }));
      process.exitCode = exitCode;
    });
}
