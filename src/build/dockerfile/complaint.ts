import { EngineError, type ErrorKind } from '../../errors.ts';
import { nearestName } from '../../nearest-name.ts';
import type { Position } from './instruction.ts';

/** The file that something is wrong in. */
export interface FileText {
  name: string;
  lines: readonly string[];
}

/** Lines that are shown before and after those that are wrong. */
const AROUND = 2;
/** Of a line, at most this much is shown, in characters. */
const WIDTH = 200;

/** What else is said of a complaint. */
export interface ComplaintDetails {
  kind?: ErrorKind | undefined;
  hint?: string | undefined;
  /** The last line that is wrong; absent: it is one line. */
  endLine?: number | undefined;
  cause?: unknown;
}

/**
 * The error for what is wrong in a Dockerfile: `Dockerfile:7:3: …`, then the lines around with a mark before those that
 * are meant, as BuildKit shows them.
 */
export function complaint(
  { name, lines }: FileText,
  at: Position,
  message: string,
  details: ComplaintDetails = {},
): EngineError {
  const { kind = 'invalid', endLine = at.line, hint, cause } = details;
  const shown = [`${name}:${at.line}:${at.column}: ${message}`, ...excerpt(lines, at.line, endLine)];
  return new EngineError(kind, shown.join('\n'), {
    hint,
    subject: name,
    cause,
  });
}

/** `did you mean RUN?`, when one of the words is near. */
export function meant(typed: string, words: readonly string[], prefix = ''): string | undefined {
  const near = nearestName(typed, words);
  return near === undefined ? undefined : `did you mean ${prefix}${near}?`;
}

/** Some lines with their numbers, a mark before them, and the lines around: `   7 | >>> RUN x`. */
export function excerpt(lines: readonly string[], first: number, last: number): string[] {
  const from = Math.max(1, first - AROUND);
  const to = Math.min(lines.length, last + AROUND);
  return lines.slice(from - 1, to).map((text, index) => {
    const line = from + index;
    const mark = line >= first && line <= last ? '>>>' : '   ';
    return `${String(line).padStart(4)} | ${mark} ${shortened(text)}`.trimEnd();
  });
}

function shortened(line: string): string {
  const characters = [...line];
  return characters.length > WIDTH ? `${characters.slice(0, WIDTH).join('')}…` : line;
}
