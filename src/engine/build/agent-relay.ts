import { chmodSync, chownSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/** A socket for a step, behind which there is an agent. */
export interface AgentRelay {
  /** Absolute. */
  path: string;
  close(): void;
}

export interface RelayOptions {
  /** The agent's own socket. */
  agent: string;
  /** A directory that is made for the socket. */
  directory: string;
  uid: number;
  gid: number;
  mode: number;
}

/** What a step may ask of an agent: which keys it has, and to sign with one (RFC 9987, SSH agent protocol). */
const ALLOWED: readonly number[] = [11, 13];

/** SSH_AGENT_FAILURE as a message: its length, and its number. */
const FAILURE = Uint8Array.of(0, 0, 0, 1, 5);

/** The longest message that OpenSSH's agent takes, in bytes. */
const LONGEST = 256 * 1024;

/**
 * Opens a socket that whoever may, by its owner and its mode, asks an agent through. The agent hears this process: OpenSSH's
 * answers nobody but its own user and root. What would change it, such as removing its keys, is refused.
 */
export async function relayAgent({ agent, directory, uid, gid, mode }: RelayOptions): Promise<AgentRelay> {
  mkdirSync(directory, { mode: 0o700 });
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client);
    client.once('close', () => clients.delete(client));
    void serve(client, connect(agent));
  });
  await listen(server, directory);
  const path = join(directory, 'agent');
  chownSync(path, uid, gid);
  chmodSync(path, mode);
  return {
    path,
    close() {
      server.close();
      for (const client of clients) client.destroy();
    },
  };
}

/** By way of a descriptor of the directory, as the name of a socket has 107 bytes at most. */
async function listen(server: Server, directory: string): Promise<void> {
  const descriptor = openSync(directory, 'r');
  try {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject).listen(`/proc/self/fd/${descriptor}/agent`, resolve);
    await promise;
  } finally {
    closeSync(descriptor);
  }
}

/** One message after the other, as each has one answer. */
async function serve(client: Socket, agent: Socket): Promise<void> {
  const sockets = [client, agent];
  const end = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  for (const socket of sockets) socket.on('error', end).once('close', end);
  const answers = messages(agent);
  try {
    for await (const request of messages(client)) {
      if (!ALLOWED.includes(request[4] ?? 0)) {
        client.write(FAILURE);
        continue;
      }
      agent.write(request);
      const { value, done } = await answers.next();
      if (done === true) break;
      client.write(value);
    }
  } catch {
    // Whoever is at the other end sees it closed.
  } finally {
    end();
  }
}

/** The messages of a stream: four bytes with the length of what follows, whose first byte is the number of its kind. */
async function* messages(socket: Socket): AsyncGenerator<Uint8Array, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of socket as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, piece]);
    while (rest.length >= 4) {
      const size = 4 + rest.readUInt32BE(0);
      if (size > LONGEST) return;
      if (rest.length < size) break;
      yield rest.subarray(0, size);
      rest = rest.subarray(size);
    }
  }
}
