import type { OutputStream } from './terminal.ts';

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/**
 * The shortest time between two pictures: at most ten a second, as a terminal over a slow link must not hold the pull
 * up.
 */
const REDRAW_INTERVAL_MS = 100;
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/** Renders a line for a width in characters, or several that stand together. */
type Renderer = (width: number) => string | readonly string[];

/** A line of a block. A finished line may scroll out of sight when there is no room for all. */
export interface BlockLine {
  set(render: Renderer, finished?: boolean): void;
}

interface LineState {
  render: Renderer;
  finished: boolean;
}

/**
 * Lines at the bottom of a terminal that change in place. The cursor is hidden while they do, and comes back when the
 * block is closed or the process exits by itself; whoever uses a block handles SIGINT and closes it.
 */
export class LineBlock {
  readonly #stream: OutputStream;
  readonly #lines: LineState[] = [];
  #drawn = 0;
  #timer: NodeJS.Timeout | undefined;
  #open = false;
  #closed = false;
  readonly #restore = (): void => {
    this.#stream.write(SHOW_CURSOR);
  };

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  /** Adds a line at the end. */
  addLine(): BlockLine {
    const state: LineState = { render: () => '', finished: false };
    this.#lines.push(state);
    return {
      set: (render, finished = false) => {
        state.render = render;
        state.finished = finished;
        this.#schedule();
      },
    };
  }

  /** Prints a line that stays, above the block. */
  print(text: string): void {
    this.#stream.write(`${this.#cleared()}${text}\n`);
    this.#drawn = 0;
    if (this.#lines.length > 0) this.#draw();
  }

  /** Has somebody else write whole lines to the terminal, above the block. */
  interruptedBy(write: () => void): void {
    const isShown = this.#drawn > 0;
    if (isShown) this.#stream.write(this.#cleared());
    this.#drawn = 0;
    write();
    if (isShown) this.#draw();
  }

  /** Draws the last state of every line and gives the cursor back. */
  close(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#closed = true;
    if (!this.#open) return;
    this.#write(this.#rendered().flatMap(({ texts }) => texts));
    this.#lines.length = 0;
    this.#drawn = 0;
    this.#open = false;
    process.removeListener('exit', this.#restore);
    this.#restore();
  }

  #schedule(): void {
    // What was aborted may still have something to say.
    if (this.#closed || this.#timer !== undefined) return;
    if (!this.#open) {
      this.#open = true;
      this.#stream.write(HIDE_CURSOR);
      process.once('exit', this.#restore);
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#draw();
    }, REDRAW_INTERVAL_MS);
  }

  #draw(): void {
    this.#write(this.#visible());
  }

  #write(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}${CLEAR_LINE}\n`).join('');
    this.#stream.write(`${this.#toTop()}${text}${CLEAR_BELOW}`);
    this.#drawn = lines.length;
  }

  /** The lines of the screen that each line takes. */
  #rendered(): { finished: boolean; texts: readonly string[] }[] {
    // One column stays free: a line that fills the last one would wrap on some terminals.
    const width = (this.#stream.columns || DEFAULT_COLUMNS) - 1;
    return this.#lines.map(({ render, finished }) => ({ finished, texts: [render(width)].flat() }));
  }

  /**
   * Returns the lines that fit on the screen: finished lines give way first. The cursor cannot go above the screen's
   * top.
   */
  #visible(): string[] {
    const room = (this.#stream.rows || DEFAULT_ROWS) - 1;
    const lines = this.#rendered();
    let surplus = lines.reduce((total, { texts }) => total + texts.length, -room);
    const kept = lines.filter(({ finished, texts }) => {
      if (!finished || surplus <= 0) return true;
      surplus -= texts.length;
      return false;
    });
    return kept.flatMap(({ texts }) => texts).slice(0, room);
  }

  #toTop(): string {
    return this.#drawn === 0 ? '\r' : `\r\x1b[${this.#drawn}A`;
  }

  /**
   * Moves to the top of the block with nothing below. Line by line: a terminal on which all is cleared at once from its first
   * line on keeps what was there in its history (tmux), and would have each picture of a block as high as itself.
   */
  #cleared(): string {
    return `${this.#toTop()}${`${CLEAR_LINE}\n`.repeat(this.#drawn)}${this.#toTop()}`;
  }
}
