import { visible } from '../text/visible.ts';
import { printError } from './print.ts';

/**
 * Tells the user a sentence on standard error, on a line of its own. It may quote names and words of others: nothing in it
 * commands a terminal. `lines`: it has several.
 */
export function tell(sentence: string, { lines = false } = {}): void {
  printError(`${visible(sentence, { lines })}\n`);
}
