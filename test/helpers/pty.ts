import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { afterAll } from 'vitest';
import { builtProgram } from './built-program.ts';

/** Programs on terminals, for one test file: whatever still runs at its end is hung up on. */
export interface Terminals {
  open(argv: readonly string[], options?: TerminalOptions): Terminal;
}

export interface TerminalOptions {
  rows?: number;
  columns?: number;
  env?: Record<string, string | undefined>;
}

/** Terminals are held by a program (test/programs/pty.c): Node has none. */
export function useTerminals(): Terminals {
  const open: Terminal[] = [];
  afterAll(() => {
    for (const terminal of open) terminal.close();
  });
  return {
    open(argv, { rows = 24, columns = 80, env = process.env } = {}) {
      const child = spawn(builtProgram('pty'), [`${rows}`, `${columns}`, ...argv], {
        stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
        env,
      });
      const terminal = new Terminal(child);
      open.push(terminal);
      return terminal;
    },
  };
}

/** A program on a terminal of its own. */
export class Terminal {
  /** All text that has appeared on the screen so far. */
  screen = '';
  readonly #child: ChildProcess;
  #answers = '';
  #asked = 0;
  #waiting: (() => void)[] = [];

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.on('data', (chunk: Buffer) => {
      this.screen += chunk.toString('latin1');
      this.#wake();
    });
    (child.stdio[3] as Readable).on('data', (chunk: Buffer) => {
      this.#answers += chunk.toString();
      this.#wake();
    });
    child.on('close', () => this.#wake());
  }

  /** Types text; control characters are themselves: `\x10` is ctrl-p. */
  type(text: string): void {
    this.#command(`type ${Buffer.from(text, 'latin1').toString('hex')}`);
  }

  resize(rows: number, columns: number): void {
    this.#command(`size ${rows} ${columns}`);
  }

  /** Stops reading the screen until `go`. */
  hold(): void {
    this.#command('hold');
  }

  go(): void {
    this.#command('go');
  }

  /** The terminal is gone: a window that is closed, a connection that is lost. */
  hangUp(): void {
    this.#command('hangup');
  }

  /** Returns the mode that the program has put the terminal in. */
  async mode(): Promise<'raw' | 'cooked'> {
    const index = this.#asked++;
    this.#command('mode');
    await this.#until(() => this.#modes().length > index);
    return this.#modes()[index] as 'raw' | 'cooked';
  }

  /** Resolves when the screen has shown `text` after its first `from` characters. */
  async shows(text: string | RegExp, from = 0): Promise<void> {
    await this.#until(() => {
      const seen = this.screen.slice(from);
      return typeof text === 'string' ? seen.includes(text) : text.test(seen);
    });
  }

  /** The program's exit code (128 + n for a signal), once it has ended and its screen was read. */
  async exit(): Promise<number> {
    const end = () => /^exit (\d+) (\d+)$/m.exec(this.#answers);
    await this.#until(() => this.screen.length >= Number(end()?.[2] ?? Infinity));
    return Number(end()?.[1]);
  }

  close(): void {
    this.#child.stdin?.end();
  }

  #modes(): string[] {
    return [...this.#answers.matchAll(/^mode (.*)$/gm)].map((match) => match[1] ?? '');
  }

  #command(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  async #until(happened: () => boolean): Promise<void> {
    while (!happened()) {
      if (this.#child.exitCode !== null)
        throw new Error(`the terminal was closed; its screen: ${this.screen}`);
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
