import type { OutputChunk, ProcessStreams } from '../../engine/lifecycle/process-streams.ts';
import type { StreamName } from '../../engine/options/client.ts';

/**
 * Shares the streams of a process among several, of whom each gets all that it wants of the output from the first byte on. The
 * slowest holds the others back. The process is left once the last one has left it.
 */
export function shareStreams(
  streams: ProcessStreams,
  wanted: readonly (readonly StreamName[])[],
): ProcessStreams[] {
  const shares = new Set<Share>();
  const made = wanted.map((names) => {
    const share = new Share(names, () => {
      shares.delete(share);
      if (shares.size === 0) streams.leave();
    });
    shares.add(share);
    return share;
  });
  void pump(streams, shares);
  return made.map((share) => ({
    output: share.output(),
    write: (bytes) => streams.write(bytes),
    endInput: () => streams.endInput(),
    resize: (size) => streams.resize(size),
    ended: streams.ended,
    leave: () => share.leave(),
  }));
}

async function pump({ output }: ProcessStreams, shares: ReadonlySet<Share>): Promise<void> {
  for await (const chunk of output) await Promise.all([...shares].map((share) => share.push(chunk)));
  for (const share of shares) share.push(undefined);
}

/** What one of them gets: a piece at a time. */
class Share {
  readonly #wanted: readonly StreamName[];
  readonly #left: () => void;
  #next = Promise.withResolvers<OutputChunk | undefined>();
  #taken = Promise.withResolvers<void>();
  #isOver = false;

  constructor(wanted: readonly StreamName[], left: () => void) {
    this.#wanted = wanted;
    this.#left = left;
  }

  /** Resolves once it was taken. Undefined: no more comes. */
  async push(chunk: OutputChunk | undefined): Promise<void> {
    if (this.#isOver || (chunk !== undefined && !this.#wanted.includes(chunk.stream))) return;
    this.#taken = Promise.withResolvers();
    this.#next.resolve(chunk);
    await this.#taken.promise;
  }

  async *output(): AsyncGenerator<OutputChunk> {
    for (;;) {
      const chunk = await this.#next.promise;
      if (chunk === undefined || this.#isOver) return;
      this.#next = Promise.withResolvers();
      yield chunk;
      this.#taken.resolve();
    }
  }

  leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#next.resolve(undefined);
    this.#taken.resolve();
    this.#left();
  }
}
