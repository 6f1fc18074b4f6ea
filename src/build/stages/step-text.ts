import { ExpansionError, expand } from '../words/expand.ts';
import type { Evaluation } from './evaluation.ts';

/** How a step's instruction is shown. */
export interface TextOptions {
  /** Whether quotes, and variables that are not set, stay: a shell reads them, too. */
  forShell?: boolean;
  /** Whether nothing is expanded. */
  asWritten?: boolean;
  /** Variables whose values are not shown. */
  hidden?: readonly string[];
}

/** An instruction on one line, with its keyword in upper case, and its variables expanded where that can be. */
export function stepText(one: Evaluation, options: TextOptions = {}): string {
  const { forShell = false, asWritten = false, hidden = [] } = options;
  const { line, word, keyword, isTrigger } = one.instruction;
  const variables = (name: string) => (hidden.includes(name) ? '****' : one.environment.get(name));
  const behind = line.slice(word.length);
  const prefix = isTrigger ? 'ONBUILD ' : '';
  if (asWritten) return `${prefix}${keyword}${behind}`;
  try {
    const expanded = forShell
      ? expand(behind, { variables, escape: one.escape, quotes: 'keep', keepUnset: true })
      : expand(behind, { variables, escape: one.escape });
    return `${prefix}${keyword}${expanded.text}`;
  } catch (cause) {
    if (!(cause instanceof ExpansionError)) throw cause;
    return `${prefix}${keyword}${behind}`;
  }
}
