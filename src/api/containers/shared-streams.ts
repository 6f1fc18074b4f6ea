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
    const share = new Share(names, (leave) => {
      shares.delete(share);
      if (shares.size === 0) leave();
    });
    shares.add(share);
    return share;
  });
  void pump(streams, shares);
  return made.map((share) => ({
    output: share.output(),
    write: (bytes) => streams.write(bytes),
    // What is all over for one is not for the others.
    endInput: () => {
      if (streams.leavesWithInput) share.leave(() => streams.endInput());
      else streams.endInput();
    },
    leavesWithInput: streams.leavesWithInput,
    resize: (size) => streams.resize(size),
    ended: Promise.race([streams.ended, share.left]),
    leave: () => share.leave(() => streams.leave()),
  }));
}

async function pump({ output }: ProcessStreams, shares: ReadonlySet<Share>): Promise<void> {
  for await (const chunk of output) await Promise.all([...shares].map((share) => share.push(chunk)));
  for (const share of shares) share.push(undefined);
}

/** What one of them gets: a piece at a time. */
class Share {
  readonly #wanted: readonly StreamName[];
  readonly #whenLeft: (leave: () => void) => void;
  readonly #left = Promise.withResolvers<number>();
  #next = Promise.withResolvers<OutputChunk | undefined>();
  #taken = Promise.withResolvers<void>();
  #isOver = false;

  /** `whenLeft` is called with what leaves the process itself, for the last one. */
  constructor(wanted: readonly StreamName[], whenLeft: (leave: () => void) => void) {
    this.#wanted = wanted;
    this.#whenLeft = whenLeft;
  }

  /** Resolves to 0 when it was left. */
  get left(): Promise<number> {
    return this.#left.promise;
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

  leave(leave: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#next.resolve(undefined);
    this.#taken.resolve();
    this.#whenLeft(leave);
    this.#left.resolve(0);
  }
}
