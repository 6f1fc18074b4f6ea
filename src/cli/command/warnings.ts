import type { EngineError } from '../../errors.ts';
import { renderError } from '../output/error.ts';
import { printError } from '../output/print.ts';
import type { Session } from './session.ts';

/** Prints what the engine warns of, and goes on. */
export function warningsOf({ globals }: Session): (problem: EngineError) => void {
  return (problem) => printError(renderError(problem, { debug: globals.debug === true, warning: true }));
}
