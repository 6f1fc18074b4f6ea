import type { ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';
import { verbEnd } from '../../host/verb-end.ts';
import { copyVerbFailure } from './copy-process.ts';

/** What lies in a directory. Names are bytes as characters (latin1). */
export interface ListedEntry {
  name: string;
  kind: 'directory' | 'link' | 'other';
  /** Of a link. */
  target?: string | undefined;
}

interface Question {
  resolve(entries: readonly ListedEntry[] | undefined): void;
  reject(error: unknown): void;
}

const KINDS = { d: 'directory', l: 'link', o: 'other' } as const;

/**
 * Lists directories of a tree (native/VERBS.md, ROOT; the helper's verb `list`), whatever somebody is doing to it meanwhile.
 * It runs until it is closed.
 */
export class TreeLister {
  readonly #helper: string;
  readonly #root: string;
  #child: ChildProcess | undefined;
  #failure: unknown;
  #ended: Promise<void> = Promise.resolve();
  readonly #questions: Question[] = [];
  #rest = '';
  #entries: ListedEntry[] = [];
  #isDirectory = true;
  #link: ListedEntry | undefined;

  constructor(helper: string, root: string) {
    this.#helper = helper;
    this.#root = root;
  }

  /**
   * Lists a directory, by a path without links, its bytes as characters. Undefined: there is none. Throws as `copyError`.
   */
  readonly list = async (path: string): Promise<readonly ListedEntry[] | undefined> => {
    const input = this.#started();
    if (this.#failure !== undefined) throw this.#failure;
    return await new Promise((resolve, reject) => {
      this.#questions.push({ resolve, reject });
      input.write(Buffer.from(`${path}\0`, 'latin1'));
    });
  };

  /** Ends the helper. */
  async close(): Promise<void> {
    this.#child?.stdin?.end();
    await this.#ended;
  }

  #started(): Writable {
    this.#child ??= this.#start();
    return this.#child.stdin as Writable;
  }

  #start(): ChildProcess {
    // On first use: most builds list nothing, and it costs Bun 3 ms to load.
    const { spawn } = process.getBuiltinModule('node:child_process');
    // The fourth descriptor is for the error record.
    const child = spawn(this.#helper, ['list', this.#root], { stdio: ['pipe', 'pipe', 'ignore', 'pipe'] });
    child.stdin?.on('error', () => {});
    child.stdout?.on('data', (chunk: Buffer) => this.#hear(chunk));
    this.#ended = verbEnd(child).then((end) => {
      if (end.code === 0 && this.#questions.length === 0) return;
      this.#failure = copyVerbFailure(end);
      for (const { reject } of this.#questions.splice(0)) reject(this.#failure);
    });
    return child;
  }

  #hear(chunk: Buffer): void {
    const fields = (this.#rest + chunk.toString('latin1')).split('\0');
    this.#rest = fields.pop() ?? '';
    for (const field of fields) this.#field(field);
  }

  #field(field: string): void {
    if (this.#link !== undefined) {
      this.#link.target = field;
      this.#link = undefined;
    } else if (field === '') this.#answer();
    else if (field === '-') this.#isDirectory = false;
    else this.#entry({ name: field.slice(1), kind: KINDS[field[0] as keyof typeof KINDS] });
  }

  #entry(entry: ListedEntry): void {
    this.#entries.push(entry);
    if (entry.kind === 'link') this.#link = entry;
  }

  #answer(): void {
    this.#questions.shift()?.resolve(this.#isDirectory ? this.#entries : undefined);
    this.#entries = [];
    this.#isDirectory = true;
  }
}
