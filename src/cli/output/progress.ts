import type { LayerProgress } from '../../engine/images/pull-progress.ts';
import { LineBlock } from '../text/line-block.ts';
import { isAnimated, type OutputStream } from '../text/terminal.ts';
import { humanSize } from '../text/units.ts';

/** Shows a pull. */
export interface PullDisplay {
  /** A line of its own, above the layers. */
  message(text: string): void;
  /** `id` is shown as it is: twelve digits of the layer's digest. */
  layer(id: string): LayerProgress;
  /** Has somebody else write lines to the terminal, such as a warning. */
  interruptedBy(write: () => void): void;
  /** Ends the display; may be called more than once. */
  close(): void;
}

/** Bars on a terminal, one line for each layer; otherwise one plain line for each change of state. */
export function createPullProgress(stream: OutputStream = process.stderr): PullDisplay {
  return isAnimated(stream) ? new BarDisplay(stream) : new PlainDisplay(stream);
}

/** Shows a pull in logs and pipes: as Docker does there, without sizes. */
class PlainDisplay implements PullDisplay {
  readonly #stream: OutputStream;

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  message(text: string): void {
    this.#stream.write(`${text}\n`);
  }

  layer(id: string): LayerProgress {
    let last = '';
    const say = (state: string): void => {
      if (state === last) return;
      last = state;
      this.message(`${id}: ${state}`);
    };
    return {
      downloading: () => say('Pulling fs layer'),
      downloaded: () => say('Download complete'),
      extracting: () => {},
      done: () => say('Pull complete'),
      exists: () => say('Already exists'),
    };
  }

  interruptedBy(write: () => void): void {
    write();
  }

  close(): void {}
}

class BarDisplay implements PullDisplay {
  readonly #block: LineBlock;

  constructor(stream: OutputStream) {
    this.#block = new LineBlock(stream);
  }

  message(text: string): void {
    this.#block.print(text);
  }

  layer(id: string): LayerProgress {
    const line = this.#block.addLine();
    const show = (state: string, finished = false): void =>
      line.set((width) => `${id}: ${state}`.slice(0, width), finished);
    const showBar = (state: string, current: number, total: number): void => {
      line.set((width) => renderBar(`${id}: ${state}`, { current, total, width }));
    };
    show('Pulling fs layer');
    return {
      downloading: (current, total) => {
        if (current === 0) show('Waiting');
        else showBar('Downloading', current, total);
      },
      downloaded: () => show('Download complete'),
      extracting: (current, total) => showBar('Extracting', current, total),
      done: () => show('Pull complete', true),
      exists: () => show('Already exists', true),
    };
  }

  interruptedBy(write: () => void): void {
    this.#block.interruptedBy(write);
  }

  close(): void {
    this.#block.close();
  }
}

const BAR_WIDTH = 50;
/** The least width of a bar: below it there is not enough room for one that says anything. */
const BAR_MINIMUM = 8;

/** `a3ed95caeb02: Downloading [====>      ]  1.2MB/4.4MB`, cut to `width`; the bar shrinks first, then goes. */
export function renderBar(
  head: string,
  { current, total, width }: { current: number; total: number; width: number },
): string {
  const size = humanSize(current, 4).padStart(8);
  if (total <= 0) return `${head} ${size}`.slice(0, width);
  const numbers = `${size}/${humanSize(total, 4)}`;
  const room = Math.min(BAR_WIDTH, width - head.length - numbers.length - ' [>] '.length);
  if (room < BAR_MINIMUM) return `${head} ${numbers}`.slice(0, width);
  const filled = Math.floor(Math.min(1, current / total) * room);
  return `${head} [${'='.repeat(filled)}>${' '.repeat(room - filled)}] ${numbers}`;
}
