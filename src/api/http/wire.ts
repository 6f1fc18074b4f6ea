import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { hasBody } from './body.ts';

export type Headers = Readonly<Record<string, string>>;

/** The way on which an answer goes to a client: the head at once, then the body, bit by bit. */
export interface Wire {
  /** `length` in bytes; absent: not known, the body ends with `end`. */
  head(status: number, headers: Headers, length?: number): void;
  /** Resolves when there is room for more, or nobody there to read it. */
  write(bytes: Uint8Array | string): Promise<void>;
  end(): void;
  /** Cuts the connection: what was said is not all. */
  destroy(): void;
  /** Whether some of the answer has been said. */
  readonly begun: boolean;
  /** Aborts when the client has gone before all was said. */
  readonly gone: AbortSignal;
  /** Resolves when all was said, or the client has gone. */
  readonly over: Promise<void>;
  /** Hands the connection itself to both sides, both ways, for a protocol that the client has asked for: absent, `tcp`. */
  hijack(headers: Headers, protocol?: string): Connection;
}

/** A connection that speaks no HTTP any more. */
export interface Connection {
  /** What the client sends, until it ends its side. */
  readonly input: AsyncIterable<Uint8Array>;
  /** As that of the wire. */
  write(bytes: Uint8Array): Promise<void>;
  end(): void;
}

/** An answer by the server's own means. */
export function responseWire(request: IncomingMessage, response: ServerResponse): Wire {
  const gone = new AbortController();
  const over = Promise.withResolvers<void>();
  response.on('close', () => {
    if (!response.writableFinished) gone.abort();
    over.resolve();
  });
  const head = (status: number, headers: Headers, length?: number) => {
    response.writeHead(status, { ...headers, ...(length === undefined ? {} : { 'Content-Length': length }) });
    if (length === undefined) response.flushHeaders();
  };
  const write = (bytes: Uint8Array | string) => writeTo(response, bytes);
  return {
    head,
    write,
    end: () => void response.end(),
    // Of an answer that has not begun Bun makes one of success.
    destroy: () => void (response.headersSent ? response : request.socket).destroy(),
    get begun() {
      return response.headersSent;
    },
    gone: gone.signal,
    over: over.promise,
    // A client that has not asked for an upgrade: its body is what it sends, if that has not been read as something else.
    hijack: (headers) => {
      head(200, headers);
      const input = hasBody(request) && !request.readableEnded ? chunksOf(request) : nothing(over.promise);
      return { input, write, end: () => void response.end() };
    },
  };
}

/** An answer on the connection of a request that asked for an upgrade, which the server leaves to us. */
export function socketWire(socket: Duplex, first: Uint8Array): Wire {
  const gone = new AbortController();
  let [isBegun, isOver] = [false, false];
  socket.on('error', () => {});
  const over = Promise.withResolvers<void>();
  socket.on('close', () => {
    if (!isOver) gone.abort();
    over.resolve();
  });
  const write = (bytes: Uint8Array | string) => writeTo(socket, bytes);
  const end = () => {
    isOver = true;
    socket.end();
  };
  return {
    head(status, headers, length) {
      const more = {
        ...(length === undefined ? {} : { 'Content-Length': String(length) }),
        Connection: 'close',
      };
      isBegun = true;
      socket.write(headText(`${status} ${STATUS_CODES[status] ?? 'Unknown'}`, { ...headers, ...more }));
    },
    write,
    end,
    destroy: () => void socket.destroy(),
    get begun() {
      return isBegun;
    },
    gone: gone.signal,
    over: over.promise,
    hijack: (headers, protocol = 'tcp') => {
      isBegun = true;
      socket.write(headText('101 UPGRADED', { ...headers, Connection: 'Upgrade', Upgrade: protocol }));
      return { input: begun(withFirst(first, socket)), write, end };
    },
  };
}

function headText(status: string, headers: Headers): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`;
}

/**
 * Reads as far as the first piece at once, before anybody asks: of what a client has sent who closes the connection Bun gives
 * nothing later.
 */
export function begun(pieces: AsyncGenerator<Uint8Array>): AsyncIterable<Uint8Array> {
  const first = pieces.next();
  first.catch(() => {});
  return (async function* () {
    const { done, value } = await first;
    if (done === true) return;
    yield value;
    yield* pieces;
  })();
}

async function* withFirst(first: Uint8Array, socket: Duplex): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  yield* chunksOf(socket);
}

/** Sends nothing, which has no end before the client's. */
// biome-ignore lint/correctness/useYield: it never has anything
async function* nothing(over: Promise<void>): AsyncGenerator<Uint8Array> {
  await over;
}

/** The end of what a client sends is not the end of what it reads: the stream stays. */
async function* chunksOf(stream: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* stream.iterator({ destroyOnReturn: false });
  } catch {
    // Reset: nothing more comes.
  }
}

async function writeTo(stream: Duplex | ServerResponse, bytes: Uint8Array | string): Promise<void> {
  if (stream.destroyed || stream.writableEnded || stream.write(bytes)) return;
  await room(stream);
}

const rooms = new WeakMap<Duplex | ServerResponse, Promise<void>>();

/** One wait for all who have written, as not everybody waits before writing more. */
function room(stream: Duplex | ServerResponse): Promise<void> {
  const known = rooms.get(stream);
  if (known !== undefined) return known;
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => {
    for (const event of ['drain', 'close', 'error']) stream.off(event, done);
    rooms.delete(stream);
    resolve();
  };
  for (const event of ['drain', 'close', 'error']) stream.on(event, done);
  rooms.set(stream, promise);
  return promise;
}
