import { rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Engine } from '../engine/engine.ts';
import { httpServer } from '../host/http-server.ts';
import { type ListenAddress, listen } from '../host/listen.ts';
import { Connections } from './http/connections.ts';
import { responseWire, socketWire } from './http/wire.ts';
import { answer } from './server.ts';

/** How a service is run. */
export interface ServiceOptions {
  addresses: readonly ListenAddress[];
  /** ms without any connection after which it ends; 0: never. */
  idleMs: number;
  /** A path for a socket of its own. */
  scratch: string;
  /** Called when all addresses are listened on, with what they are called. */
  whenReady(addresses: readonly string[]): void;
  /** Told what no client can be told. */
  warn(problem: unknown): void;
  /** Ends it: no new connections, and those there are are cut. */
  signal: AbortSignal;
}

/**
 * Answers Docker's Engine API until it is told to end or nobody has asked for long enough. It has no state of its own:
 * whoever comes after it finds all as it was. Throws as `listen`.
 */
export async function serve(engine: Engine, options: ServiceOptions): Promise<void> {
  const idle = new Idle(options.idleMs);
  const service = { engine, connections: new Connections(), warn: options.warn };
  const servers: Server[] = [];
  const names: string[] = [];
  try {
    for (const address of options.addresses) {
      const server = httpServer({
        request: (request, response) => void answer(service, request, responseWire(request, response)),
        upgrade: (request, socket, first) => void answer(service, request, socketWire(socket, first)),
        connections: (change) => idle.change(change),
      });
      servers.push(server);
      names.push(await listen(server, address, options.scratch));
    }
    options.whenReady(names);
    await Promise.race([idle.ended, aborted(options.signal)]);
  } finally {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    for (const address of options.addresses)
      if (address.kind === 'unix') rmSync(address.path, { force: true });
    rmSync(options.scratch, { force: true });
  }
}

/** Ends when there has been no connection for a while. */
class Idle {
  readonly ended: Promise<void>;
  readonly #end: () => void;
  readonly #after: number;
  #timer: NodeJS.Timeout | undefined;
  #open = 0;

  constructor(after: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    [this.ended, this.#end, this.#after] = [promise, resolve, after];
    this.change(0);
  }

  change(by: number): void {
    this.#open += by;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#open === 0 && this.#after > 0) this.#timer = setTimeout(this.#end, this.#after);
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
