import type { SourcePlace, TaskEnd } from '../../engine/build/progress.ts';
import { visible } from '../text/visible.ts';

/** How many of the last lines of a task that failed are shown. */
export const LAST_LINES = 20;

/** Lines of the Dockerfile that are shown before and after an instruction. */
const AROUND = 2;

/** A task that failed, with the last lines that it wrote. */
export interface FailedTask {
  name: string;
  end: Extract<TaskEnd, { kind: 'failed' }>;
  last: readonly string[];
}

/** What is shown of a failed task below everything else, as BuildKit does: its last lines, and where it stands. */
export function failureLines({ name, end, last }: FailedTask): string[] {
  return [
    '------',
    ` > ${visible(name)}:`,
    ...last.slice(-LAST_LINES),
    '------',
    ...(end.at === undefined ? [] : sourceLines(end.at)),
  ];
}

/** The lines of an instruction, marked, among those around it. */
export function sourceLines({ file, lines, first, last }: SourcePlace): string[] {
  const from = Math.max(first - AROUND, 1);
  const shown = lines.slice(from - 1, last + AROUND);
  const rule = '-'.repeat(20);
  return [
    `${visible(file)}:${first}`,
    rule,
    ...shown.map((line, index) => {
      const number = from + index;
      const mark = number >= first && number <= last ? '>>>' : '   ';
      return `${String(number).padStart(4)} | ${mark} ${visible(line, { lines: true })}`.trimEnd();
    }),
    rule,
  ];
}
