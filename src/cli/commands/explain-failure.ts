import type { Command } from 'commander';
import { exitCodeOf } from '../exit-code.ts';
import { renderError } from '../output/error.ts';
import { printError } from '../output/print.ts';
import type { Session } from '../session.ts';

/**
 * The helper calls this when a container did not start, with the three fields of its error record and, when `start` was
 * to start it in the background, what the user calls it.
 */
export function define(command: Command, session: () => Session): void {
  command
    .argument('<container>')
    .argument('<stage>')
    .argument('<errno>')
    .argument('<detail>')
    .argument('[name]')
    .action((container: string, stage: string, errno: string, detail: string, name?: string) =>
      explain(session(), container, { stage, errno: Number(errno), detail }, name),
    );
}

async function explain(
  session: Session,
  id: string,
  record: { stage: string; errno: number; detail: string },
  name: string | undefined,
): Promise<void> {
  const { containers } = await session.engine();
  const { error, exitCode } = await containers.noteStartFailure(id, record);
  printError(renderError(error, { debug: session.globals.debug === true }));
  // `start` says with its code that it has failed, not how the container's command would have ended.
  process.exitCode = name === undefined ? exitCode : exitCodeOf(error, 'start');
}
