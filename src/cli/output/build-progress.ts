import type { TaskEnd } from '../../engine/build/progress.ts';
import { visible } from '../text/visible.ts';
import { renderWarnings } from './build-check.ts';
import { failureLines, remember } from './build-failure.ts';
import { OutputLines } from './build-output.ts';
import { printError } from './print.ts';
import type { BuildDisplay } from './shown-build.ts';

interface PlainTask {
  name: string;
  output: OutputLines;
  /** What it has written last. */
  last: string[];
  end?: TaskEnd;
}

/**
 * Tells of a build line by line on standard error, in BuildKit's words: `#7 [stage-1 2/4] COPY . .`, `#7 0.123 output`,
 * `#7 DONE 0.1s`. A task that others interrupt says `#7 ...`, and its name again when it goes on. Whoever made it closes it: what
 * has failed shows its last lines then.
 */
export function plainBuildProgress(print: (text: string) => void = printError): BuildDisplay {
  const tasks = new Map<number, PlainTask>();
  let current: number | undefined;
  const say = (number: number, texts: readonly string[]): void => {
    const lines: string[] = [];
    if (current !== number) {
      if (current !== undefined)
        lines.push(...(tasks.get(current)?.end === undefined ? [`#${current} ...`, ''] : ['']));
      lines.push(`#${number} ${tasks.get(number)?.name ?? ''}`);
      current = number;
    }
    lines.push(...texts.map((text) => `#${number} ${text}`));
    print(lines.map((line) => `${visible(line, { lines: true })}\n`).join(''));
  };
  const write = (
    number: number,
    task: PlainTask,
    { texts, ms }: { texts: readonly string[]; ms: number },
  ): void => {
    if (texts.length === 0) return;
    const lines = texts.map((text) => `${seconds(ms, 3)} ${text}`);
    remember(task.last, lines);
    say(number, lines);
  };
  return {
    begin(number, { name }) {
      tasks.set(number, { name, output: new OutputLines(), last: [] });
      say(number, []);
    },
    output(number, bytes, stream, ms) {
      const task = tasks.get(number);
      if (task !== undefined) write(number, task, { texts: task.output.push(bytes, stream), ms });
    },
    note: (number, line) => say(number, [line]),
    miss: (number, why) => say(number, [`not cached: ${why}`]),
    end(number, end, ms) {
      const task = tasks.get(number);
      if (task === undefined) return;
      write(number, task, { texts: task.output.end(), ms });
      say(number, [ending(end, ms)]);
      task.end = end;
    },
    warn: (sentence) => print(`WARNING: ${sentence}\n`),
    findings: (checked, form) => print(renderWarnings(checked, form)),
    close() {
      for (const { name, end, last } of tasks.values())
        if (end?.kind === 'failed') print(`${failureLines({ name, last }).join('\n')}\n`);
      tasks.clear();
    },
  };
}

function ending(end: TaskEnd, ms: number): string {
  switch (end.kind) {
    case 'done':
      return `DONE ${seconds(ms, 1)}s`;
    case 'cached':
      return 'CACHED';
    case 'cancelled':
      return 'CANCELED';
    case 'failed':
      return `ERROR: ${end.message}`;
  }
}

function seconds(ms: number, digits: number): string {
  return (ms / 1000).toFixed(digits);
}

/** Says nothing but warnings. */
export function quietBuildProgress(print: (text: string) => void = printError): BuildDisplay {
  const nothing = () => {};
  return {
    begin: nothing,
    output: nothing,
    note: nothing,
    miss: nothing,
    end: nothing,
    warn: (sentence) => print(`WARNING: ${sentence}\n`),
    findings: nothing,
    close: nothing,
  };
}
