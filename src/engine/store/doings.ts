/**
 * Tells those who wait in this very process, as the requests of a service do, that something was done to a container here:
 * what other processes do they see when they look again.
 */
export class Doings {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Resolves with the next `done` of this container; with `signal` nobody waits any more. */
  async next(id: string, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, waiting.add(resolve));
    const leave = () => {
      waiting.delete(resolve);
      if (waiting.size === 0 && this.#waiting.get(id) === waiting) this.#waiting.delete(id);
      resolve();
    };
    signal.addEventListener('abort', leave, { once: true });
    await promise;
    leave();
  }

  done(id: string): void {
    for (const resolve of this.#waiting.get(id) ?? []) resolve();
  }
}
