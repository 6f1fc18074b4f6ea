import type { IncomingMessage } from 'node:http';
import type { Engine } from '../../engine/engine.ts';
import type { Connections } from './connections.ts';
import type { Query } from './query.ts';
import type { Reply } from './reply.ts';
import type { SharedAnswers } from './shared-answers.ts';

/** What all calls of one service share. */
export interface Service {
  readonly engine: Engine;
  /** What clients of this service are joined to now; there is no state that outlives a request. */
  readonly connections: Connections;
  /** For what many ask at once. */
  readonly answers: SharedAnswers;
  /** Tells whoever runs the service what went wrong that no client can be told. */
  warn(problem: unknown): void;
}

/** One request of a client, and the way to answer it. */
export interface Call extends Service {
  /** The minor number of the API's version that the client speaks: 41 for 1.41. */
  readonly version: number;
  /** The parameters of the path, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: Query;
  /** The request itself: its headers, and its body where that is no JSON. */
  readonly request: IncomingMessage;
  /** The body as JSON; undefined when there is none. Throws `invalid`. */
  body(): Promise<unknown>;
  readonly reply: Reply;
  /** Says whether the service has to stay for this request: not for a connection on which nobody asks. */
  counts(isBusy: boolean): void;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}
