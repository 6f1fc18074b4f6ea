import type { IncomingMessage } from 'node:http';
import { acceptHeader, type WebSocketConnection, webSocket } from './web-socket.ts';
import type { Connection, Headers, Wire } from './wire.ts';

/** A body that is written bit by bit. */
export interface ReplyStream {
  /** Resolves when there is room for more, or nobody there to read it. */
  write(bytes: Uint8Array | string): Promise<void>;
  /** Writes a line of JSON: Docker's progress and events. */
  line(value: unknown): Promise<void>;
  end(): void;
}

/** The body of an answer in JSON. */
export function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

/** The answer of a call: exactly one of its methods is called, once. */
export class Reply {
  readonly #wire: Wire;
  readonly #common: Headers;
  #begun = false;

  /** `common`: the headers of every answer. */
  constructor(wire: Wire, common: Headers) {
    this.#wire = wire;
    this.#common = common;
  }

  /** Whether a part of it is on its way: then no other can follow. */
  get begun(): boolean {
    return this.#begun;
  }

  json(value: unknown, { status = 200, headers = {} }: { status?: number; headers?: Headers } = {}): void {
    this.#whole(jsonBytes(value), status, { 'Content-Type': 'application/json', ...headers });
  }

  /** The same of what `jsonBytes` has made. */
  madeJson(bytes: Uint8Array): void {
    this.#whole(bytes, 200, { 'Content-Type': 'application/json' });
  }

  text(text: string, headers: Headers = {}): void {
    this.#whole(Buffer.from(text), 200, { 'Content-Type': 'text/plain; charset=utf-8', ...headers });
  }

  /** An answer that is its status, and perhaps headers. */
  empty(status = 204, headers: Headers = {}): void {
    this.#begun = true;
    this.#wire.head(
      status,
      { ...this.#common, ...headers },
      status === 204 || status === 304 ? undefined : 0,
    );
    this.#wire.end();
  }

  /** Sends the head at once. */
  stream(type: string, headers: Headers = {}): ReplyStream {
    this.#begun = true;
    const wire = this.#wire;
    wire.head(200, { ...this.#common, 'Content-Type': type, ...headers });
    return {
      write: (bytes) => wire.write(bytes),
      line: (value) => wire.write(`${JSON.stringify(value)}\r\n`),
      end: () => wire.end(),
    };
  }

  /** Makes the connection the body of both sides, as `attach` and `exec` have it. */
  hijack(type: string): Connection {
    this.#begun = true;
    return this.#wire.hijack({ ...this.#common, 'Content-Type': type });
  }

  /** Makes the connection one of another protocol, which the client has asked for. */
  upgrade(protocol: string): Connection {
    this.#begun = true;
    return this.#wire.hijack(this.#common, protocol);
  }

  /** Makes the connection a WebSocket. Throws as `acceptHeader`. */
  webSocket(request: IncomingMessage, kind: 'text' | 'binary'): WebSocketConnection {
    const accept = acceptHeader(request);
    this.#begun = true;
    const headers = { ...this.#common, 'Sec-WebSocket-Accept': accept };
    return webSocket(this.#wire.hijack(headers, 'websocket'), kind);
  }

  /** Cuts the connection off in the middle of an answer that cannot be ended well. */
  cut(): void {
    this.#wire.destroy();
  }

  #whole(bytes: Uint8Array, status: number, headers: Headers): void {
    this.#begun = true;
    this.#wire.head(status, { ...this.#common, ...headers }, bytes.length);
    void this.#wire.write(bytes);
    this.#wire.end();
  }
}
