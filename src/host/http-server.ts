import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** What answers the requests of a server. */
export interface HttpHandlers {
  request(request: IncomingMessage, response: ServerResponse): void;
  /** One that asks for an upgrade: the connection is the handler's; `first` is what came behind the head. */
  upgrade(request: IncomingMessage, socket: Duplex, first: Uint8Array): void;
  /** Called with 1 for each new connection, and -1 when one is gone. */
  connections(change: 1 | -1): void;
}

/** How long a client may take for the head of a request. Bodies may take as long as they like. */
const HEAD_MS = 30_000;

/** The runtime's own HTTP/1.1 server, which listens nowhere yet. */
export function httpServer(handlers: HttpHandlers): Server {
  const server = createServer({ requestTimeout: 0, headersTimeout: HEAD_MS, keepAliveTimeout: 60_000 });
  server.on('connection', (socket: Socket) => {
    handlers.connections(1);
    socket.once('close', () => handlers.connections(-1));
  });
  server.on('request', handlers.request);
  server.on('upgrade', handlers.upgrade);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const body = JSON.stringify({ message: `this is no HTTP request: ${error.message}` });
    socket.end(
      `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  });
  return server;
}
