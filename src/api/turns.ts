/**
 * Lets those who would go at once go one after the other, each in a turn of the event loop of its own: between two of them
 * others are heard. Who comes alone goes at once.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #isTaken = false;

  /** Resolves when it is one's turn, in the order of those who asked. */
  async next(): Promise<void> {
    if (!this.#isTaken) return this.#take();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    await promise;
  }

  #take(): void {
    this.#isTaken = true;
    setImmediate(() => this.#pass());
  }

  #pass(): void {
    this.#isTaken = false;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    next();
    this.#take();
  }
}
