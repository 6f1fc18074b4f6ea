import { plainLine } from '../text/escapes.ts';

/** The most characters of a line that has not ended which are kept: a program may never end one. */
const LONGEST = 16 * 1024;

/** What a task writes, as lines. Both of its streams make lines of their own. */
export class OutputLines {
  readonly #streams = new Map<string, { decoder: TextDecoder; rest: string }>();

  /** Takes a piece; returns the lines that it ends. */
  push(bytes: Uint8Array, stream: string): string[] {
    const state = this.#streams.get(stream) ?? { decoder: new TextDecoder(), rest: '' };
    this.#streams.set(stream, state);
    const lines = (state.rest + state.decoder.decode(bytes, { stream: true })).split('\n');
    state.rest = (lines.pop() ?? '').slice(-LONGEST);
    return lines.map(plainLine);
  }

  /** The lines that nothing has ended. */
  end(): string[] {
    const rests = [...this.#streams.values()].map(({ rest }) => rest).filter((rest) => rest !== '');
    this.#streams.clear();
    return rests.map(plainLine);
  }
}
