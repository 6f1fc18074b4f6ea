/** Bytes that wait for a client who reads slowly, or does not read yet. */
const WAITING_MAX = 1 << 20;

/** What is told of a build, until somebody reads it: each message once. */
export class StatusFeed {
  #messages: Buffer[] = [];
  #bytes = 0;
  #isRead = false;
  #ended = false;
  #news = Promise.withResolvers<void>();
  #emptied = Promise.withResolvers<void>();

  /** Of what nobody reads the latest is kept. */
  push(message: Buffer): void {
    this.#messages.push(message);
    this.#bytes += message.length;
    while (!this.#isRead && this.#bytes > WAITING_MAX && this.#messages.length > 1)
      this.#bytes -= this.#messages.shift()?.length ?? 0;
    this.#news.resolve();
  }

  /** Resolves when there is room for more, or nobody there to read it. */
  async room(): Promise<void> {
    while (this.#isRead && this.#bytes > WAITING_MAX) await this.#emptied.promise;
  }

  /** Nothing more will be told. */
  end(): void {
    this.#ended = true;
    this.#news.resolve();
  }

  /** Reads to the end, or until `signal` aborts. */
  async *read(signal: AbortSignal): AsyncGenerator<Buffer> {
    const stop = () => this.#news.resolve();
    signal.addEventListener('abort', stop, { once: true });
    this.#isRead = true;
    try {
      for (;;) {
        yield* this.#taken();
        if (this.#messages.length > 0) continue;
        if (this.#ended || signal.aborted) return;
        this.#news = Promise.withResolvers();
        await this.#news.promise;
      }
    } finally {
      signal.removeEventListener('abort', stop);
      this.#isRead = false;
      this.#emptied.resolve();
    }
  }

  #taken(): Buffer[] {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    this.#emptied.resolve();
    this.#emptied = Promise.withResolvers();
    return messages;
  }
}
