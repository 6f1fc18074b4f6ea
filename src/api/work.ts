/** Says whether something that is counted is to be waited for at the moment. */
export type Counting = (counts: boolean) => void;

/** The requests that are being answered, streams and hijacked connections included, and when there were none for a while. */
export class Work {
  /** Resolves when there was nothing for as long as was said. */
  readonly idle: Promise<void>;
  readonly #end: () => void;
  readonly #after: number;
  readonly #running = new Set<Promise<unknown>>();
  /** Those of the running ones on which nobody wants anything. */
  readonly #resting = new Set<Promise<unknown>>();
  #timer: NodeJS.Timeout | undefined;

  /** `after`: ms; 0: it is never idle. */
  constructor(after: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    [this.idle, this.#end, this.#after] = [promise, resolve, after];
    this.#wait();
  }

  /** Somebody is about to ask: it is as if nothing had been asked for since this moment alone. */
  touch(): void {
    clearTimeout(this.#timer);
    this.#look();
  }

  /** Counts what never rejects, until it is over, and as long as nobody says that it does not count. */
  add(one: Promise<unknown>): Counting {
    clearTimeout(this.#timer);
    this.#running.add(one);
    void one.then(() => {
      this.#running.delete(one);
      this.#resting.delete(one);
      this.#look();
    });
    return (counts) => {
      if (!this.#running.has(one) || counts !== this.#resting.has(one)) return;
      clearTimeout(this.#timer);
      if (counts) this.#resting.delete(one);
      else this.#resting.add(one);
      this.#look();
    };
  }

  /** Resolves when nothing is being answered, at the latest after so many ms. */
  async done(most: number): Promise<void> {
    clearTimeout(this.#timer);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, most);
    await Promise.race([Promise.all(this.#running), promise]);
    clearTimeout(timer);
  }

  #look(): void {
    if (this.#running.size === this.#resting.size) this.#wait();
  }

  #wait(): void {
    clearTimeout(this.#timer);
    if (this.#after > 0) this.#timer = setTimeout(this.#end, this.#after);
  }
}
