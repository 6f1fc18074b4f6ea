import { connect, type Socket } from 'node:net';

/** The part of Bun's API that is used here (bun.com/docs/api/tcp); `fd` is not in its documentation. */
export interface BunListeners {
  listen(options: object): BunListener;
}

interface BunListener {
  stop(closes: boolean): void;
}

/** Bun's own socket, as far as it is used here. */
interface BunSocket {
  data: Socket;
  write(bytes: Uint8Array): number;
  end(): void;
  shutdown(): void;
  /** Closes it, what the other side says or not. */
  terminate(): void;
  pause(): void;
  resume(): void;
}

/**
 * Takes the connections of a socket that listens already and passes them on to the server at `path`, as Bun's HTTP server
 * cannot listen on a descriptor (1.4). `stop` takes no more of them.
 */
export function relayInherited(bun: BunListeners, descriptor: number, path: string): { stop(): void } {
  const rest = new WeakMap<BunSocket, Buffer>();
  const give = (client: BunSocket, bytes: Buffer): void => {
    const sent = client.write(bytes);
    if (sent >= bytes.length) return;
    rest.set(client, bytes.subarray(Math.max(sent, 0)));
    client.data.pause();
  };
  const listener = bun.listen({
    fd: descriptor,
    allowHalfOpen: true,
    socket: {
      open(client: BunSocket) {
        const server = connect({ path, allowHalfOpen: true });
        client.data = server;
        server.on('data', (bytes: Buffer) => give(client, bytes));
        server.on('drain', () => client.resume());
        server.on('end', () => client.shutdown());
        server.on('error', () => {});
        server.on('close', () => {
          if (!rest.has(client)) client.terminate();
        });
      },
      data(client: BunSocket, bytes: Buffer) {
        if (!client.data.write(Buffer.from(bytes))) client.pause();
      },
      drain(client: BunSocket) {
        const left = rest.get(client);
        rest.delete(client);
        if (left !== undefined) give(client, left);
        if (rest.has(client)) return;
        if (client.data.closed) client.terminate();
        else client.data.resume();
      },
      end: (client: BunSocket) => void client.data.end(),
      close: (client: BunSocket) => void client.data?.destroy(),
      error: (client: BunSocket) => void client.data?.destroy(),
    },
  });
  return { stop: () => listener.stop(false) };
}
