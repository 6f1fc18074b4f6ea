import { EngineError } from '../../errors.ts';
import type { ReadMessage } from './protobuf.ts';
import { StatusFeed } from './status-feed.ts';

/** What a frontend is asked to build. */
export interface FrontendRequest {
  /** Its name: `dockerfile.v0`. */
  frontend: string;
  attributes: ReadonlyMap<string, string>;
  cacheImports: readonly ReadMessage[];
}

/**
 * A build that a client has begun by Control.Solve, for the calls that concern it besides. A client that has named no frontend
 * asks for one itself, by LLBBridge.Solve, and says by LLBBridge.Return which of the results it wants: until then nothing is done.
 */
export class Solve {
  readonly status = new StatusFeed();
  /** The id of the client's session. */
  readonly session: string;
  readonly #requests: FrontendRequest[] = [];
  readonly #returned = Promise.withResolvers<FrontendRequest | undefined>();

  constructor(session: string) {
    this.session = session;
    this.#returned.promise.catch(() => {});
  }

  /** Notes what a result will come from; returns the result's id. */
  ask(request: FrontendRequest): string {
    return String(this.#requests.push(request));
  }

  /** The client wants a result; an empty id: none. Throws `invalid` when there is no such result. */
  return(id: string): void {
    const request = id === '' ? undefined : this.#requests[Number(id) - 1];
    if (id !== '' && request === undefined)
      throw new EngineError('invalid', `the build has no result ${id}`, { subject: id });
    this.#returned.resolve(request);
  }

  /** The client has failed with what it did between. */
  fail(error: EngineError): void {
    this.#returned.reject(error);
  }

  /** Resolves with what the client wants. Rejects as it has failed, and with `cancelled` when it has gone. */
  async wanted(signal: AbortSignal): Promise<FrontendRequest | undefined> {
    const gone = () => this.fail(new EngineError('cancelled', 'the client has given the build up'));
    signal.addEventListener('abort', gone, { once: true });
    if (signal.aborted) gone();
    try {
      return await this.#returned.promise;
    } finally {
      signal.removeEventListener('abort', gone);
    }
  }
}
