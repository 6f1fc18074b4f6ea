import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { EngineError } from '../../errors.ts';
import { duplexOf, framed, messagesOf } from './grpc-frames.ts';
import { errorAnswer } from './status.ts';
import type { Connection } from './wire.ts';

/** Statuses of errors (grpc, doc/statuscodes.md): clients say their names before the message, but for that of the unknown. */
const CANCELLED = 1;
const UNKNOWN = 2;
const UNIMPLEMENTED = 12;

/** A call that a client makes of us. */
export class ServerCall {
  /** What it says besides its messages. */
  readonly metadata: IncomingHttpHeaders;
  /** Aborts when the client has given it up. */
  readonly signal: AbortSignal;
  readonly #stream: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream, metadata: IncomingHttpHeaders) {
    const gone = new AbortController();
    this.#stream = stream;
    this.metadata = metadata;
    this.signal = gone.signal;
    stream.on('close', () => gone.abort());
  }

  /** The messages of the client, to its end. Throws `invalid` for what is none. */
  messages(): AsyncGenerator<Buffer> {
    return messagesOf(this.#stream, () => new EngineError('invalid', 'the call is none of gRPC'));
  }

  /** The only message of a call that has one; an empty one is as good as none. */
  async message(): Promise<Buffer> {
    let only: Buffer = Buffer.alloc(0);
    for await (const message of this.messages()) only = message;
    return only;
  }

  /** Resolves when there is room for more, or nobody there to read it. */
  async send(message: Uint8Array): Promise<void> {
    if (this.#stream.destroyed) return;
    await new Promise<void>((resolve) => this.#stream.write(framed(message), () => resolve()));
  }
}

/** Answers a call; what it resolves with is the last message, if any. What it throws becomes the status. */
export type GrpcMethod = (call: ServerCall) => Promise<Uint8Array | undefined>;

/**
 * Answers calls on a connection by their names, `/package.Service/Method`; of another one the status says that there is none,
 * and `otherwise` why. Resolves when the connection is closed.
 */
export function answerCalls(
  connection: Connection,
  methods: ReadonlyMap<string, GrpcMethod>,
  otherwise: string,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const server = createServer();
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders & { ':path'?: string }) => {
    stream.on('error', () => {});
    const method = methods.get(headers[':path'] ?? '');
    if (method === undefined) refuse(stream, UNIMPLEMENTED, otherwise);
    else void answer(stream, method, headers);
  });
  server.on('sessionError', () => {});
  const duplex = duplexOf(connection);
  duplex.on('close', resolve);
  server.emit('connection', duplex);
  return promise;
}

async function answer(
  stream: ServerHttp2Stream,
  method: GrpcMethod,
  headers: IncomingHttpHeaders,
): Promise<void> {
  let status: Record<string, string> = { 'grpc-status': '0' };
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(status));
  const call = new ServerCall(stream, headers);
  try {
    const last = await method(call);
    if (last !== undefined) await call.send(last);
  } catch (error) {
    status = statusOf(error);
  }
  // What the client says still is of no use, but it waits until somebody takes it.
  stream.resume();
  if (!stream.destroyed) stream.end();
}

function statusOf(error: unknown): Record<string, string> {
  const code = error instanceof EngineError && error.kind === 'cancelled' ? CANCELLED : UNKNOWN;
  return statusHeaders(code, errorAnswer(error).body.message);
}

function statusHeaders(code: number, message: string): Record<string, string> {
  return { 'grpc-status': String(code), 'grpc-message': encodeURIComponent(message) };
}

/** One that has nothing to say besides its status says that at once. */
function refuse(stream: ServerHttp2Stream, code: number, why: string): void {
  const head = { ':status': 200, 'content-type': 'application/grpc', ...statusHeaders(code, why) };
  stream.respond(head, { endStream: true });
}
