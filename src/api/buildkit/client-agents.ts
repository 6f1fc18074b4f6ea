import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Agents } from '../../engine/build/options.ts';
import { type GrpcCall, type GrpcConnection, GrpcFailure } from '../http/grpc.ts';
import { Message, ReadMessage } from './protobuf.ts';

const SERVICE = '/moby.sshforward.v1.SSH';

/**
 * The agents of ssh that a client lends its build (buildkit, session/sshforward/ssh.proto), each behind a socket in a directory
 * that nobody else gets at. The sockets are there until it is closed.
 */
export class ClientAgents implements Agents {
  readonly #session: GrpcConnection;
  readonly #sockets = new Map<string, Promise<string | undefined>>();
  readonly #connected = new Set<Socket>();
  readonly #servers: Server[] = [];
  #directory: string | undefined;
  #isClosed = false;

  constructor(session: GrpcConnection) {
    this.#session = session;
  }

  /** The path of an agent's socket; undefined: the client has none of this name. Throws `unavailable` when it has gone. */
  get(id: string): Promise<string | undefined> {
    const known = this.#sockets.get(id) ?? this.#open(id);
    this.#sockets.set(id, known);
    return known;
  }

  /** To be called when the build has ended. */
  close(): void {
    this.#isClosed = true;
    for (const server of this.#servers) server.close();
    for (const socket of this.#connected) socket.destroy();
    if (this.#directory !== undefined) rmSync(this.#directory, { recursive: true, force: true });
  }

  async #open(id: string): Promise<string | undefined> {
    // A client that lends none does not say that it has such a method.
    if (!this.#session.methods.includes(`${SERVICE}/ForwardAgent`)) return undefined;
    if (!(await this.#has(id)) || this.#isClosed) return undefined;
    this.#directory ??= mkdtempSync(join(tmpdir(), 'skiff-agent-'));
    const path = join(this.#directory, String(this.#servers.length));
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#connect(socket, id));
    this.#servers.push(server);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject).listen(path, resolve);
    await promise;
    return path;
  }

  /** As with BuildKit an agent that the client refuses is none, whatever the status says. */
  async #has(id: string): Promise<boolean> {
    try {
      const asked = new Message().text(1, id).encoded();
      return (await this.#session.ask(`${SERVICE}/CheckAgent`, asked)) !== undefined;
    } catch (error) {
      if (error instanceof GrpcFailure) return false;
      throw error;
    }
  }

  #connect(socket: Socket, id: string): void {
    this.#connected.add(socket);
    const call = this.#session.call(`${SERVICE}/ForwardAgent`, { 'buildkit.ssh.id': id });
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#connected.delete(socket);
      call.cancel();
    });
    // Whoever is at the socket sees that it is closed, whatever has ended it.
    const end = () => void socket.destroy();
    toClient(socket, call).catch(end);
    fromClient(socket, call).then(end, end);
  }
}

async function toClient(socket: Socket, call: GrpcCall): Promise<void> {
  for await (const bytes of socket as AsyncIterable<Buffer>)
    await call.send(new Message().bytes(1, bytes).encoded());
  call.end();
}

async function fromClient(socket: Socket, call: GrpcCall): Promise<void> {
  for await (const message of call.messages()) {
    const bytes = new ReadMessage(message).bytes(1) ?? new Uint8Array();
    if (!socket.write(bytes))
      await new Promise<void>((resolve) => socket.once('drain', resolve).once('close', resolve));
  }
}
