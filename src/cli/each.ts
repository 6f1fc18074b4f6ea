import { EngineError } from '../errors.ts';
import { exitCodeOf } from './exit-code.ts';
import { renderError } from './output/error.ts';
import { print, printError } from './output/print.ts';
import type { Session } from './session.ts';

/**
 * Does something for each of several objects as Docker does: prints what comes back for those that work, reports
 * the others one by one, and goes on. The exit code is that of the first error.
 */
export async function forEachName(
  session: Session,
  { names, command }: { names: readonly string[]; command: string },
  action: (name: string) => Promise<string | undefined>,
): Promise<void> {
  for (const name of names) {
    try {
      const line = await action(name);
      if (line !== undefined) print(`${line}\n`);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      printError(renderError(error, { debug: session.globals.debug === true }));
      process.exitCode ||= exitCodeOf(error, command);
    }
  }
}
