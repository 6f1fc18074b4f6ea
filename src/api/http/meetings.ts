/** ms that a call waits for another of the same client, which is made meanwhile: that of BuildKit. */
const WAIT_MS = 5_000;

/** What one call of a client brings and another one needs, by an id that both of them say. */
export class Meetings<T> {
  readonly #brought = new Map<string, T>();
  readonly #awaited = new Map<string, Set<(value: T) => void>>();

  /** Brings something, until `over`, which never rejects. */
  bring(id: string, value: T, over: Promise<unknown>): void {
    this.#brought.set(id, value);
    for (const found of this.#awaited.get(id) ?? []) found(value);
    void over.then(() => {
      if (this.#brought.get(id) === value) this.#brought.delete(id);
    });
  }

  /** Resolves with what was brought, which may be on its way; undefined: it has not come. */
  async find(id: string, waitMs = WAIT_MS): Promise<T | undefined> {
    const here = this.#brought.get(id);
    if (here !== undefined) return here;
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    const timer = setTimeout(resolve, waitMs, undefined);
    const others = this.#awaited.get(id) ?? new Set();
    this.#awaited.set(id, others.add(resolve));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      others.delete(resolve);
      if (others.size === 0) this.#awaited.delete(id);
    }
  }
}
