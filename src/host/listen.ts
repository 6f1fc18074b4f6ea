import { rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { BunListeners } from './inherited-socket.ts';
import { type Alone, listenOnPath } from './listen-on-path.ts';
import { type Listening, untilListening } from './listening.ts';
import { requireUnixListener } from './unix-listener.ts';

/** The address that a server listens on. */
export type ListenAddress =
  | { kind: 'unix'; path: string }
  /** `tls`: clients show a certificate. */
  | { kind: 'tcp'; host: string; port: number; tls: boolean }
  | InheritedSocket;

/** A socket that listens already, which whoever started this process has left open. */
export interface InheritedSocket {
  kind: 'inherited';
  descriptor: number;
}

/** What a server needs besides to listen. */
export interface ListenMeans {
  /** Where sockets of its own are made, for nobody else. */
  directory: string;
  alone: Alone;
}

/** Lets a server listen. Throws as `listenOnPath`, and `denied` for a socket that was passed on and is none of Unix that listens. */
export async function listen(
  server: Server,
  address: ListenAddress,
  { directory, alone }: ListenMeans,
): Promise<Listening> {
  switch (address.kind) {
    case 'unix':
      return await listenOnPath(server, address.path, alone);
    case 'tcp':
      return await listenOnPort(server, address);
    case 'inherited':
      return await listenOnInherited(server, address.descriptor, directory);
  }
}

async function listenOnPort(
  server: Server,
  { host, port }: { host: string; port: number },
): Promise<Listening> {
  const name = host.includes(':') ? `[${host}]` : host;
  await untilListening(server, `${name}:${port}`, () => server.listen(port, host));
  const bound = server.address();
  const got = typeof bound === 'object' && bound !== null ? bound.port : port;
  return { name: `tcp://${name}:${got}`, stop: () => void server.close() };
}

async function listenOnInherited(server: Server, descriptor: number, directory: string): Promise<Listening> {
  const name = `fd://${descriptor}`;
  requireUnixListener(descriptor);
  const { Bun: bun } = globalThis as { Bun?: BunListeners };
  if (bun === undefined) {
    await untilListening(server, name, () => server.listen({ fd: descriptor }));
    return { name, stop: () => void server.close() };
  }
  const { relayInherited } = await import('./inherited-socket.ts');
  const { relayPath } = await import('./relay-path.ts');
  const path = relayPath(directory, descriptor);
  const before = process.umask(0o177);
  try {
    await untilListening(server, name, () => server.listen(path));
  } finally {
    process.umask(before);
  }
  const relay = relayInherited(bun, descriptor, path);
  const stop = () => {
    relay.stop();
    rmSync(path, { force: true });
    server.close();
  };
  return { name, stop };
}
