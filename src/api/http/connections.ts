import type { ProcessStreams } from '../../engine/lifecycle/process-streams.ts';
import type { ClientOptions } from '../../engine/options/client.ts';
import type { GrpcConnection } from './grpc.ts';
import { Meetings } from './meetings.ts';

/** Somebody who has attached to a container before its start, and waits for it. */
export interface Waiting {
  client: ClientOptions;
  /** Called with the streams, of which `output` is its own; undefined: it could not be started. */
  joined(streams: ProcessStreams | undefined): void;
}

/** A context that comes by a call of its own. */
export interface Upload {
  bytes: AsyncIterable<Uint8Array>;
  /** Called when nobody reads it any more. */
  done(): void;
}

const DELIVERY_MS = 2_000;

/**
 * Who is connected to what at this moment, for calls that concern each other: `attach` before `start`, `resize` of a process
 * that another call has started. It goes with the service.
 */
export class Connections {
  readonly #waiting = new Map<string, Set<Waiting>>();
  readonly #execs = new Map<string, ProcessStreams>();
  readonly #relays = new Map<string, Set<Promise<void>>>();
  /** On which clients are asked for what their builds need. */
  readonly sessions = new Meetings<GrpcConnection>();
  /** Contexts of builds that come by calls of their own. */
  readonly uploads = new Meetings<Upload>();
  /** Builds that can be ended by the ids that their clients have given them. */
  readonly builds = new Map<string, AbortController>();

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

  /** Notes that what a container writes is on its way to a client, until `done`, which never rejects. */
  keepRelay(containerId: string, done: Promise<void>): void {
    const others = this.#relays.get(containerId) ?? new Set();
    this.#relays.set(containerId, others.add(done));
    void done.then(() => {
      others.delete(done);
      if (others.size === 0) this.#relays.delete(containerId);
    });
  }

  /**
   * Resolves when clients have got all that a container had to say: some take the end of a wait for that of its output. As
   * with Docker no client who reads slowly holds it up for more than two seconds.
   */
  async delivered(containerId: string): Promise<void> {
    const relays = this.#relays.get(containerId);
    if (relays === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, DELIVERY_MS);
    await Promise.race([Promise.all(relays), promise]);
    clearTimeout(timer);
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
