import { EngineError } from '../../errors.ts';
import { renderError } from '../output/error.ts';
import { print, printError } from '../output/print.ts';
import { exitCodeOf } from './exit-code.ts';
import type { Session } from './session.ts';

interface Batch {
  names: readonly string[];
  command: string;
  /** Whether all are done at once instead of one after another; what is printed keeps the order of the names. */
  together?: boolean;
  /** Whether an object that is not there is reported, but no failure: its absence is what was wanted. */
  mayBeAbsent?: boolean;
}

/**
 * Does something for each of several objects as Docker does: prints what comes back for those that work, reports
 * the others one by one, and goes on. The exit code is that of the first error.
 */
export async function forEachName(
  session: Session,
  { names, command, together = false, mayBeAbsent = false }: Batch,
  action: (name: string) => Promise<string | undefined>,
): Promise<void> {
  const begun = together ? names.map((name) => settled(action(name))) : undefined;
  for (const [index, name] of names.entries()) {
    const outcome = await (begun?.[index] ?? settled(action(name)));
    if (outcome.error === undefined) {
      if (outcome.line !== undefined) print(`${outcome.line}\n`);
    } else {
      if (!(outcome.error instanceof EngineError)) throw outcome.error;
      printError(renderError(outcome.error, { debug: session.globals.debug === true }));
      if (mayBeAbsent && outcome.error.kind === 'notFound') continue;
      process.exitCode ||= exitCodeOf(outcome.error, command);
    }
  }
}

interface Outcome {
  line?: string | undefined;
  error?: unknown;
}

async function settled(work: Promise<string | undefined>): Promise<Outcome> {
  try {
    return { line: await work };
  } catch (error) {
    return { error };
  }
}
