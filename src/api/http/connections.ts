import type { ProcessStreams } from '../../engine/lifecycle/process-streams.ts';
import type { ClientOptions } from '../../engine/options/client.ts';

/** Somebody who has attached to a container before its start, and waits for it. */
export interface Waiting {
  client: ClientOptions;
  /** Called with the streams, of which `output` is its own; undefined: it could not be started. */
  joined(streams: ProcessStreams | undefined): void;
}

/**
 * Who is connected to what at this moment, for calls that concern each other: `attach` before `start`, `resize` of a process
 * that another call has started. It goes with the service.
 */
export class Connections {
  readonly #waiting = new Map<string, Set<Waiting>>();
  readonly #execs = new Map<string, ProcessStreams>();

  /** Waits for the start of a container by this service. Returns the end of that. */
  await(containerId: string, waiting: Waiting): () => void {
    const others = this.#waiting.get(containerId) ?? new Set();
    this.#waiting.set(containerId, others.add(waiting));
    return () => {
      others.delete(waiting);
      if (others.size === 0) this.#waiting.delete(containerId);
    };
  }

  /** Those who wait for its start. */
  waitingFor(containerId: string): Waiting[] {
    return [...(this.#waiting.get(containerId) ?? [])];
  }

  /** Notes the streams of a process by its id until it ends. */
  keepExec(id: string, streams: ProcessStreams): void {
    this.#execs.set(id, streams);
    const forget = () => void this.#execs.delete(id);
    streams.ended.then(forget, forget);
  }

  exec(id: string): ProcessStreams | undefined {
    return this.#execs.get(id);
  }
}
