import type { BuildProgress, TaskEnd } from '../../engine/build/progress.ts';
import { visible } from '../text/visible.ts';
import { OutputLines } from './build-output.ts';
import { printError } from './print.ts';

/**
 * Tells of a build line by line on standard error, in BuildKit's words: `#7 [stage-1 2/4] COPY . .`, `#7 0.123 output`,
 * `#7 DONE 0.1s`.
 */
export function plainBuildProgress(print: (text: string) => void = printError): BuildProgress {
  const outputs = new Map<number, OutputLines>();
  /** The task of the last line: a blank line stands between those of two. */
  let last: number | undefined;
  const lines = (number: number, texts: readonly string[]): void => {
    const gap = last !== undefined && last !== number ? '\n' : '';
    last = number;
    print(gap + texts.map((text) => `#${number} ${visible(text, { lines: true })}\n`).join(''));
  };
  const names = new Map<number, string>();
  const say = (number: number, text: string): void => {
    const resumed = last !== undefined && last !== number && names.has(number);
    lines(number, resumed && !isEnd(text) ? [names.get(number) ?? '', text] : [text]);
  };
  return {
    begin(number, { name }) {
      lines(number, [name]);
      names.set(number, name);
    },
    output(number, bytes, stream, ms) {
      const output = outputs.get(number) ?? new OutputLines();
      outputs.set(number, output);
      const texts = output.push(bytes, stream).map((text) => `${seconds(ms, 3)} ${text}`);
      if (texts.length > 0) lines(number, texts);
    },
    note: say,
    miss: (number, why) => say(number, `not cached: ${why}`),
    end(number, end, ms) {
      const rest = outputs.get(number)?.end() ?? [];
      outputs.delete(number);
      if (rest.length > 0)
        lines(
          number,
          rest.map((text) => `${seconds(ms, 3)} ${text}`),
        );
      lines(number, [ending(end, ms)]);
    },
    warn: (sentence) => print(`WARNING: ${sentence}\n`),
  };
}

function isEnd(text: string): boolean {
  return /^(DONE|CACHED|CANCELED|ERROR)/.test(text);
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
export function quietBuildProgress(print: (text: string) => void = printError): BuildProgress {
  const nothing = () => {};
  return {
    begin: nothing,
    output: nothing,
    note: nothing,
    miss: nothing,
    end: nothing,
    warn: (sentence) => print(`WARNING: ${sentence}\n`),
  };
}
