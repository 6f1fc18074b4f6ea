import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { EngineError } from '../../errors.ts';
import { duplexOf, framed, messagesOf } from './grpc-frames.ts';
import type { Connection } from './wire.ts';

/** The statuses that say that there is nothing (grpc, doc/statuscodes.md): no such object, no such method. */
const NOT_FOUND = 5;
const UNIMPLEMENTED = 12;
const NOTHING: readonly number[] = [NOT_FOUND, UNIMPLEMENTED];

/** A connection on which we ask, by gRPC over HTTP/2, and whoever has opened it answers. */
export class GrpcConnection {
  readonly #session: ClientHttp2Session;
  /** Resolves when it is closed, by either side. */
  readonly closed: Promise<void>;
  /** The methods that the other side has said to have. */
  readonly methods: readonly string[];

  constructor(connection: Connection, methods: readonly string[] = []) {
    this.methods = methods;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    const stream = duplexOf(connection);
    stream.on('close', resolve);
    this.#session = connect('http://session', { createConnection: () => stream });
    this.#session.on('close', resolve);
    // Who asks is told by the call.
    this.#session.on('error', () => {});
  }

  /** Begins a call of `/package.Service/Method`; `metadata` are headers, of which a list comes several times. */
  call(method: string, metadata: Readonly<Record<string, string | string[]>> = {}): GrpcCall {
    const headers = { 'content-type': 'application/grpc', te: 'trailers' };
    return new GrpcCall(
      this.#session.request({ ...metadata, ':method': 'POST', ':path': method, ...headers }),
    );
  }

  /** Asks for one message by one. Undefined: the other side has none, or no such method. Throws as `GrpcCall.messages`. */
  async ask(method: string, message: Uint8Array): Promise<Uint8Array | undefined> {
    const call = this.call(method);
    let answer: Uint8Array | undefined;
    try {
      await call.send(message);
      call.end();
      for await (const each of call.messages()) answer = each;
    } catch (error) {
      if (error instanceof GrpcFailure && NOTHING.includes(error.code)) return undefined;
      throw error;
    }
    return answer;
  }

  close(): void {
    this.#session.close();
  }
}

/** A status that is not that of success. */
export class GrpcFailure extends EngineError {
  readonly code: number;

  constructor(code: number, message: string) {
    super('unavailable', `the client has refused what the build wants of it: ${message}`);
    this.code = code;
  }
}

/** A call with messages both ways. */
export class GrpcCall {
  readonly #stream: ClientHttp2Stream;
  readonly #status = Promise.withResolvers<void>();

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
    this.#status.promise.catch(() => {});
    const conclude = (headers: object) => {
      const { 'grpc-status': status, 'grpc-message': message = '' } = headers as Record<string, string>;
      if (status === undefined) return;
      if (status === '0') this.#status.resolve();
      else this.#status.reject(new GrpcFailure(Number(status), decodeURIComponent(message)));
    };
    // One that has nothing to say besides its status says that at once.
    stream.on('response', conclude);
    stream.on('trailers', conclude);
    stream.on('error', (cause: Error) => this.#status.reject(gone(cause)));
    stream.on('close', () => this.#status.reject(gone()));
  }

  /** Resolves when there is room for more. Throws as `messages` when the other side has ended the call. */
  async send(message: Uint8Array): Promise<void> {
    if (this.#stream.destroyed) throw await this.#reason();
    await new Promise<void>((resolve) => this.#stream.write(framed(message), () => resolve()));
  }

  /** Says that no more messages will be sent. */
  end(): void {
    this.#stream.end();
  }

  /** Gives it up. */
  cancel(): void {
    this.#stream.close(8);
  }

  /** The messages of the other side, to its end. Throws a `GrpcFailure` for a status that is none of success, and `unavailable`. */
  async *messages(): AsyncGenerator<Buffer> {
    let isRead = false;
    try {
      yield* messagesOf(this.#stream, gone);
      isRead = true;
    } catch (error) {
      // A side that has said why need not wait for the end of ours: its status tells more than that there is nobody.
      throw this.#stream.destroyed ? await this.#reason() : error;
    } finally {
      if (!isRead) this.cancel();
    }
    await this.#status.promise;
  }

  /** Why there is nobody on the other side of a stream that is closed, or is about to be. */
  async #reason(): Promise<Error> {
    return await this.#status.promise.then(
      () => gone(),
      (error: Error) => error,
    );
  }
}

function gone(cause?: Error): EngineError {
  return new EngineError('unavailable', 'the client is not there any more, or does not speak gRPC', {
    cause,
  });
}
