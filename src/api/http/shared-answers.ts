import { setImmediate } from 'node:timers/promises';
import { jsonBytes } from './reply.ts';

/**
 * What many clients ask for at once is found once. Whoever asks joins an answer that nobody has begun to find, so that it
 * tells of no time before the question; while one is being found, the next waits.
 */
export class SharedAnswers {
  readonly #waiting = new Map<string, Promise<Uint8Array>>();
  readonly #begun = new Map<string, Promise<Uint8Array>>();

  /**
   * Returns the body of an answer. `find` has to return the same for all who ask the same `question`, and not depend on who
   * asks: it is called for one of them. Rejects as `find`, for all.
   */
  ask(question: string, find: () => Promise<unknown>): Promise<Uint8Array> {
    const known = this.#waiting.get(question);
    if (known !== undefined) return known;
    const answer = this.#answer(question, find);
    this.#waiting.set(question, answer);
    return answer;
  }

  async #answer(question: string, find: () => Promise<unknown>): Promise<Uint8Array> {
    await this.#begun.get(question)?.catch(() => {});
    // What has come with this request is read first.
    await setImmediate();
    this.#waiting.delete(question);
    const begun = find().then(jsonBytes);
    this.#begun.set(question, begun);
    try {
      return await begun;
    } finally {
      this.#begun.delete(question);
    }
  }
}
