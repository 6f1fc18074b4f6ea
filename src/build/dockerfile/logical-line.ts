import type { Position } from './instruction.ts';

/** Lines that belong together, joined. */
export interface LogicalLine {
  text: string;
  /** Which line of the file each part of the text comes from. */
  parts: readonly { offset: number; line: number; column: number }[];
  /** The last line, counted from 1. */
  endLine: number;
  /** The last line, when one between is empty. */
  emptyContinuation: number | undefined;
}

/** Whether a line is a comment, which is none of the file's, also between lines that go on. */
export function isComment(line: string): boolean {
  return /^\s*#/.test(line);
}

/**
 * Joins the line at an index (from 0) with those that it goes on with: it ends with the escape, and blanks at most; two of
 * them are an escape that is escaped. Comments between are left out, and empty lines.
 */
export function joinLines(lines: readonly string[], index: number, mark: string): LogicalLine {
  const continues = mark === '`' ? /(?:^|[^`])`[ \t]*$/ : /(?:^|[^\\])\\[ \t]*$/;
  const parts: { offset: number; line: number; column: number }[] = [];
  let text = '';
  let hasEmpty = false;
  let at = index;
  for (; at < lines.length; at += 1) {
    const line = lines[at] as string;
    const isFirst = at === index;
    if (!isFirst && isComment(line)) continue;
    if (!isFirst && line.trim() === '') {
      hasEmpty = true;
      continue;
    }
    const begin = isFirst ? line.search(/\S/) : 0;
    parts.push({ offset: text.length, line: at + 1, column: begin + 1 });
    if (!continues.test(line)) {
      text += line.slice(begin);
      break;
    }
    text += line.slice(begin, line.lastIndexOf(mark));
  }
  const endLine = Math.min(at + 1, lines.length);
  return { text, parts, endLine, emptyContinuation: hasEmpty ? endLine : undefined };
}

/** Where in the file a place of the joined text is. */
export function positionOf({ parts }: LogicalLine, offset: number): Position {
  const part = parts.findLast((each) => each.offset <= offset) ?? parts[0];
  return { line: part?.line ?? 1, column: (part?.column ?? 1) + offset - (part?.offset ?? 0) };
}
