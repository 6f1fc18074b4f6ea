import type { TaskEnd } from '../../engine/build/progress.ts';
import { type BlockLine, LineBlock } from '../text/line-block.ts';
import { type OutputStream, wantsColour } from '../text/terminal.ts';
import { visible } from '../text/visible.ts';
import { renderWarnings } from './build-check.ts';
import { failureLines, remember } from './build-failure.ts';
import { OutputLines } from './build-output.ts';
import type { BuildDisplay } from './shown-build.ts';

/** How many of a task's last lines are shown while it is under way. */
const SHOWN_LINES = 6;
/** How often times go on, in ms. */
const TICK_MS = 100;

const BLUE = '\x1b[34m';
const RED = '\x1b[31m';
const RESET = '\x1b[0m';

interface TaskState {
  name: string;
  began: number;
  line: BlockLine;
  output: OutputLines;
  /** The last ones, notes among them. */
  last: string[];
  ended?: { end: TaskEnd; ms: number } | undefined;
}

/**
 * Shows a build on a terminal as BuildKit does: a line for each task with its time, below those that are under way the last
 * lines of what they write; at the end a failed one has more of them.
 */
export function terminalBuildProgress(stream: OutputStream): BuildDisplay {
  const block = new LineBlock(stream);
  const tasks = new Map<number, TaskState>();
  const began = performance.now();
  const colours = wantsColour(stream);
  const head = block.addLine();
  const draw = (): void => {
    head.set((width) => heading(tasks, performance.now() - began).slice(0, width));
    for (const task of tasks.values())
      task.line.set((width) => taskLines(task, { width, colours }), task.ended !== undefined);
  };
  draw();
  const timer = setInterval(draw, TICK_MS);
  timer.unref();
  return {
    begin(number, { name }) {
      const line = block.addLine();
      const state = {
        name: visible(name),
        began: performance.now(),
        line,
        output: new OutputLines(),
        last: [],
      };
      tasks.set(number, state);
      draw();
    },
    output(number, bytes, from) {
      const task = tasks.get(number);
      if (task !== undefined) remember(task.last, task.output.push(bytes, from));
    },
    note(number, line) {
      const task = tasks.get(number);
      if (task !== undefined) remember(task.last, [visible(line)]);
    },
    miss() {},
    end(number, end, ms) {
      const task = tasks.get(number);
      if (task === undefined) return;
      remember(task.last, task.output.end());
      task.ended = { end, ms };
      draw();
    },
    warn: (sentence) => block.print(`WARNING: ${visible(sentence)}`),
    findings: (checked, form) => void stream.write(renderWarnings(checked, form)),
    close() {
      clearInterval(timer);
      draw();
      block.close();
      for (const { name, ended, last } of tasks.values()) {
        if (ended?.end.kind === 'failed') stream.write(`${failureLines({ name, last }).join('\n')}\n`);
      }
      tasks.clear();
    },
  };
}

/** `[+] Building 12.3s (5/9)`. */
function heading(tasks: ReadonlyMap<number, TaskState>, ms: number): string {
  const ended = [...tasks.values()].filter((task) => task.ended !== undefined).length;
  const state = ended === tasks.size && tasks.size > 0 ? ' FINISHED' : '';
  return `[+] Building ${seconds(ms)} (${ended}/${tasks.size})${state}`;
}

function taskLines(task: TaskState, { width, colours }: { width: number; colours: boolean }): string[] {
  const { name, ended, last } = task;
  const time = seconds(ended?.ms ?? performance.now() - task.began);
  const text = ` => ${word(ended?.end)}${name}`;
  const room = Math.max(width - time.length - 1, 0);
  const line = `${text.slice(0, room).padEnd(room)} ${time}`.slice(-width);
  const below = ended === undefined ? last.slice(-SHOWN_LINES) : [];
  return [
    coloured(line, colourOf(ended?.end), colours),
    ...below.map((each) => ` => => # ${each.replaceAll('\t', '    ')}`.slice(0, width)),
  ];
}

function word(end: TaskEnd | undefined): string {
  switch (end?.kind) {
    case 'cached':
      return 'CACHED ';
    case 'cancelled':
      return 'CANCELED ';
    case 'failed':
      return 'ERROR ';
    default:
      return '';
  }
}

function colourOf(end: TaskEnd | undefined): string | undefined {
  if (end?.kind === 'failed') return RED;
  return end === undefined || end.kind === 'cancelled' ? undefined : BLUE;
}

function coloured(text: string, colour: string | undefined, colours: boolean): string {
  return colours && colour !== undefined ? `${colour}${text}${RESET}` : text;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)}s`;
}
