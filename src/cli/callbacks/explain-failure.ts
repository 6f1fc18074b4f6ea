import type { Command } from 'commander';
import { EngineError } from '../../errors.ts';
import { exitCodeOf } from '../command/exit-code.ts';
import type { Session } from '../command/session.ts';
import { renderError } from '../output/error.ts';
import { memoryRemark } from '../output/memory-remark.ts';
import { printError } from '../output/print.ts';

const OUT_OF_MEMORY = 'out-of-memory';

/**
 * The helper calls this when a container did not start, with the three fields of its error record and, when `start` was
 * to start it in the background, what the user calls it. And on a terminal when one has ended that the kernel killed for
 * want of memory: the stage is `out-of-memory` then, the detail its exit code.
 */
export function define(command: Command, session: () => Session): void {
  command
    .argument('<container>')
    .argument('<stage>')
    .argument('<errno>')
    .argument('<detail>')
    .argument('[name]')
    .action((container: string, stage: string, errno: string, detail: string, name?: string) =>
      stage === OUT_OF_MEMORY
        ? explainEnd(session(), container, Number(detail))
        : explain(session(), container, { stage, errno: Number(errno), detail }, name),
    );
}

/** Exits with the container's code. Somebody may have removed it already: then there is nothing to say. */
async function explainEnd(session: Session, id: string, exitCode: number): Promise<void> {
  process.exitCode = exitCode;
  try {
    const { containers } = await session.engine();
    const remark = memoryRemark(await containers.why(id));
    if (remark !== undefined) printError(renderError(remark, { debug: false }));
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
  }
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
