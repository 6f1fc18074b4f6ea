import type { IncomingMessage } from 'node:http';
import type { Engine } from '../engine/engine.ts';
import { connectionsMax, type HttpHandlers, type HttpServer, httpServer } from '../host/http-server.ts';
import { type ListenAddress, type ListenMeans, listen } from '../host/listen.ts';
import type { Listening } from '../host/listening.ts';
import type { ServerCertificates } from '../host/server-certificates.ts';
import { Connections } from './http/connections.ts';
import type { Reach } from './http/sender.ts';
import { SharedAnswers } from './http/shared-answers.ts';
import { responseWire, socketWire, type Wire } from './http/wire.ts';
import { answer } from './server.ts';
import { Work } from './work.ts';

/** How a service is run. */
export interface ServiceOptions {
  addresses: readonly ListenAddress[];
  /** By what those of TCP with TLS know their clients. */
  certificates: ServerCertificates | undefined;
  /** ms without any request after which it ends; 0: never. */
  idleMs: number;
  listening: ListenMeans;
  /** Called when all addresses are listened on, with what they are called. */
  whenReady(addresses: readonly string[]): void;
  /** Told what no client can be told. */
  warn(problem: unknown): void;
  /** Ends it: no new connections; what is being done is answered still, for a while, and streams are cut. */
  signal: AbortSignal;
}

/** ms that requests may take to be answered at the end, and then to end once their clients have been cut off. */
const ENDING_MS = 5_000;

/**
 * Answers Docker's Engine API until it is told to end or nobody has asked for long enough. It has no state of its own:
 * whoever comes after it finds all as it was. Throws as `listen`.
 */
export async function serve(engine: Engine, options: ServiceOptions): Promise<void> {
  const work = new Work(options.idleMs);
  const service = {
    engine,
    connections: new Connections(),
    answers: new SharedAnswers(),
    warn: options.warn,
  };
  const servers: HttpServer[] = [];
  const listening: Listening[] = [];
  const wires = new Map<Wire, IncomingMessage>();
  const handle = (request: IncomingMessage, wire: Wire, reach: Reach) => {
    wires.set(wire, request);
    void wire.over.then(() => wires.delete(wire));
    const answered = Promise.withResolvers<void>();
    const counts = work.add(Promise.all([answered.promise, wire.over]));
    void answer({ ...service, counts }, request, wire, reach).then(answered.resolve);
  };
  const most = Math.ceil(connectionsMax() / options.addresses.length);
  try {
    for (const address of options.addresses) {
      const reach = reachOf(address);
      const handlers: HttpHandlers = {
        connected: () => work.touch(),
        request: (request, response) => handle(request, responseWire(request, response), reach),
        upgrade: (request, socket, first) => handle(request, socketWire(socket, first), reach),
      };
      const certificates = reach === 'tls' ? options.certificates : undefined;
      const server = httpServer(handlers, { certificates, most });
      servers.push(server);
      listening.push(await listen(server.listener, address, options.listening));
    }
    options.whenReady(listening.map(({ name }) => name));
    await Promise.race([work.idle, aborted(options.signal)]);
  } finally {
    for (const one of listening) one.stop();
    // Of these nobody knows when they would end: streams, and what has not been asked to its end.
    for (const [wire, { complete }] of wires) if (wire.begun || !complete) wire.destroy();
    await work.done(ENDING_MS);
    for (const server of servers) server.cut();
    // What was for these clients alone is taken back by whoever does it.
    await work.done(ENDING_MS);
  }
}

/** Sockets that are passed on are Unix sockets. */
function reachOf(address: ListenAddress): Reach {
  if (address.kind !== 'tcp') return 'unix';
  return address.tls ? 'tls' : 'loopback';
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
