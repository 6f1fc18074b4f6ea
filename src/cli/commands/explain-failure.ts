import type { Command } from 'commander';
import { renderError } from '../output/error.ts';
import { printError } from '../output/print.ts';
import type { Session } from '../session.ts';

/** The helper calls this when a container did not start, with the three fields of its error record. */
export function define(command: Command, session: () => Session): void {
  command
    .argument('<container>')
    .argument('<stage>')
    .argument('<errno>')
    .argument('<detail>')
    .action((container: string, stage: string, errno: string, detail: string) =>
      explain(session(), container, { stage, errno: Number(errno), detail }),
    );
}

async function explain(
  session: Session,
  id: string,
  record: { stage: string; errno: number; detail: string },
): Promise<void> {
  const { containers } = await session.engine();
  const { error, exitCode } = await containers.noteStartFailure(id, record);
  printError(renderError(error, { debug: session.globals.debug === true }));
  process.exitCode = exitCode;
}
