import { visible } from './visible.ts';

/** Escape sequences of a terminal (ECMA-48): those of control, strings up to their end, and the short ones. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])/g;

/**
 * Makes a line of what a program has written for a terminal fit for one that belongs to others: colours and movements are
 * gone, and of what was written over itself the last is left.
 */
export function plainLine(text: string): string {
  const plain = text.replace(ESCAPES, '').replace(/\r+$/, '');
  return visible(plain.slice(plain.lastIndexOf('\r') + 1), { lines: true });
}
