import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ServerCertificates } from './server-certificates.ts';

/** What answers the requests of a server. */
export interface HttpHandlers {
  /** Somebody has connected, who has asked for nothing yet. */
  connected?(): void;
  request(request: IncomingMessage, response: ServerResponse): void;
  /** One that asks for an upgrade: the connection is the handler's; `first` is what came behind the head. */
  upgrade(request: IncomingMessage, socket: Duplex, first: Uint8Array): void;
}

export interface HttpServer {
  listener: Server;
  /** Cuts all connections, upgraded ones too. */
  cut(): void;
}

/** How long a client may take for the head of a request. Bodies may take as long as they like. */
const HEAD_MS = 30_000;

/** How long a client may take to hear why its connection is closed. */
const LINGER_MS = 5_000;

const TOO_MANY = 'TOO_MANY';

const OPTIONS = {
  requestTimeout: 0,
  headersTimeout: HEAD_MS,
  keepAliveTimeout: 60_000,
  // The handler says it, as an answer like all others.
  requireHostHeader: false,
} as const;

export interface HttpServerOptions {
  certificates?: ServerCertificates | undefined;
  /** How many connections there may be at once: whoever comes then is turned away. */
  most: number;
}

/**
 * The runtime's own HTTP/1.1 server, which listens nowhere yet; with certificates it speaks TLS, to clients who show one
 * that its authority vouches for.
 */
export function httpServer(handlers: HttpHandlers, { certificates, most }: HttpServerOptions): HttpServer {
  const server = certificates === undefined ? createServer(OPTIONS) : secureServer(certificates);
  // A client that has said all reads its answer still.
  Object.assign(server, { httpAllowHalfOpen: true });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    if (sockets.size >= most) {
      // Before TLS there is nothing that could be said.
      if (certificates === undefined) refuse({ name: '', message: '', code: TOO_MANY }, socket);
      else socket.destroy();
      return;
    }
    sockets.add(socket);
    handlers.connected?.();
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', handlers.request);
  server.on('checkExpectation', handlers.request);
  server.on('upgrade', handlers.upgrade);
  server.on('connect', handlers.upgrade);
  server.on('clientError', refuse);
  const cut = () => {
    server.closeAllConnections();
    for (const socket of sockets) socket.destroy();
  };
  return { listener: server, cut };
}

function secureServer(certificates: ServerCertificates): Server {
  const { createServer: createSecure } = process.getBuiltinModule('node:https');
  return createSecure({
    ...OPTIONS,
    ...certificates,
    allowHalfOpen: true,
    requestCert: true,
    rejectUnauthorized: true,
  });
}

/** What is no request has no handler: its answer is written here. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  // Half of a connection is one as well: whoever does not close his is not waited for.
  const timer = setTimeout(() => socket.destroy(), error.code === TOO_MANY ? 0 : LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
  const [status, message] = refusal(error);
  const body = JSON.stringify({ message });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function refusal({ code, message }: NodeJS.ErrnoException): [status: string, message: string] {
  switch (code) {
    case TOO_MANY:
      return ['503 Service Unavailable', 'too many clients are connected: ask again when some have gone'];
    case 'HPE_HEADER_OVERFLOW':
      return ['431 Request Header Fields Too Large', 'the head of the request is longer than 16 kB'];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['408 Request Timeout', `the head of the request took longer than ${HEAD_MS / 1000} s`];
    default:
      return ['400 Bad Request', `this is no HTTP request: ${message}`];
  }
}

/**
 * Half of what this process may open (getrlimit(2)): requests take descriptors of their own, and one that has none left for
 * the next connection is woken by it again and again.
 */
export function connectionsMax(): number {
  const [, text = ''] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
  return text === '' ? Number.POSITIVE_INFINITY : Math.floor(Number(text) / 2);
}
