import { visible } from '../text/visible.ts';

/** How many of the last lines of a task that failed are shown. */
const LAST_LINES = 20;

/** Adds lines to those that a task wrote last, and drops what is too much. */
export function remember(last: string[], lines: readonly string[]): void {
  last.push(...lines);
  last.splice(0, last.length - LAST_LINES);
}

/** A task that failed, with the last lines that it wrote. */
export interface FailedTask {
  name: string;
  last: readonly string[];
}

/** What is shown of a failed task below everything else, as BuildKit does: its last lines. */
export function failureLines({ name, last }: FailedTask): string[] {
  return ['------', ` > ${visible(name)}:`, ...last.slice(-LAST_LINES), '------'];
}
