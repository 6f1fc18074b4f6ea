/** How far a copy is: entries of any type, and bytes of content. */
export interface CopyProgress {
  entries: number;
  bytes: number;
}

/**
 * What was copied. `leftOut` names an extended attribute that the file system there cannot hold; there may be more. So many
 * `sockets` were left out: they are nothing without the process that listens.
 */
export interface Copied extends CopyProgress {
  leftOut: string | undefined;
  sockets: number;
}

/** Reads what the verbs `copy`, `place` and `gather` print. */
export class CopyAnswer {
  readonly copied: Copied = { entries: 0, bytes: 0, leftOut: undefined, sockets: 0 };
  /** Of what was copied, in hexadecimal; only `gather` tells it. */
  digest = '';
  readonly #progress: ((progress: CopyProgress) => void) | undefined;
  #rest = '';

  constructor(progress?: (progress: CopyProgress) => void) {
    this.#progress = progress;
  }

  push(chunk: Uint8Array): void {
    const lines = (this.#rest + Buffer.from(chunk).toString()).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    const [word, ...values] = line.split(' ');
    if (word === 'digest') this.digest = values[0] ?? '';
    if (word === 'sockets') this.copied.sockets = Number(values[0]);
    if (word === 'left-out') this.copied.leftOut = values.join(' ');
    if (word !== 'copying' && word !== 'copied') return;
    const [entries = 0, bytes = 0] = values.map(Number);
    Object.assign(this.copied, { entries, bytes });
    if (word === 'copying') this.#progress?.({ entries, bytes });
  }
}
