import { chmodSync, chownSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { EngineError } from '../errors.ts';
import { groupId, SOCKET_GROUP } from './group.ts';
import type { BunListeners } from './inherited-socket.ts';

/** The address that a server listens on. */
export type ListenAddress =
  | { kind: 'unix'; path: string }
  /** `tls`: clients show a certificate. */
  | { kind: 'tcp'; host: string; port: number; tls: boolean }
  /** A socket that listens already, which whoever started this process has left open. */
  | { kind: 'inherited'; descriptor: number };

/** Owner and group may speak to it; whoever does is root. */
const SOCKET_MODE = 0o660;

/** A server that listens. */
export interface Listening {
  /** What the address is called, with the port that it got. */
  name: string;
  /** Takes no more connections, and removes what was made for them; those there are stay. */
  stop(): void;
}

/**
 * Lets a server listen; `scratch` is a path for a socket of its own. Throws `conflict` when somebody else listens there,
 * `unavailable` when it is impossible.
 */
export async function listen(server: Server, address: ListenAddress, scratch: string): Promise<Listening> {
  switch (address.kind) {
    case 'unix':
      return await listenOnPath(server, address.path);
    case 'tcp':
      return await listenOnPort(server, address);
    case 'inherited':
      return await listenOnInherited(server, address.descriptor, scratch);
  }
}

async function listenOnPath(server: Server, path: string): Promise<Listening> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  await removeStale(path);
  const before = process.umask(0o177);
  try {
    await listening(server, path, () => server.listen(path));
  } finally {
    process.umask(before);
  }
  const group = groupId(SOCKET_GROUP);
  if (group !== undefined) chownSync(path, 0, group);
  chmodSync(path, SOCKET_MODE);
  const { ino } = lstatSync(path);
  const stop = () => {
    // Somebody may have put another one there.
    if (lstatSync(path, { throwIfNoEntry: false })?.ino === ino) rmSync(path, { force: true });
    server.close();
  };
  return { name: `unix://${path}`, stop };
}

/** What a killed server has left: nobody answers there. */
async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new EngineError('conflict', `${path} is there already, and is no socket`, { subject: path });
  }
  if (await answers(path)) {
    throw new EngineError('conflict', `another process listens on ${path} already`, {
      subject: path,
      hint: 'stop it, or choose another address with -H',
    });
  }
  rmSync(path, { force: true });
}

/** Whether somebody listens on a Unix socket. */
export async function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.on('connect', () => resolve(true));
  socket.on('error', () => resolve(false));
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

async function listenOnPort(
  server: Server,
  { host, port }: { host: string; port: number },
): Promise<Listening> {
  const name = host.includes(':') ? `[${host}]` : host;
  await listening(server, `${name}:${port}`, () => server.listen(port, host));
  const bound = server.address();
  const got = typeof bound === 'object' && bound !== null ? bound.port : port;
  return { name: `tcp://${name}:${got}`, stop: () => void server.close() };
}

async function listenOnInherited(server: Server, descriptor: number, scratch: string): Promise<Listening> {
  const name = `fd://${descriptor}`;
  const { Bun: bun } = globalThis as { Bun?: BunListeners };
  if (bun === undefined) {
    await listening(server, name, () => server.listen({ fd: descriptor }));
    return { name, stop: () => void server.close() };
  }
  const { relayInherited } = await import('./inherited-socket.ts');
  const path = `${scratch}.${descriptor}`;
  await listening(server, name, () => server.listen(path));
  const relay = relayInherited(bun, descriptor, path);
  const stop = () => {
    relay.stop();
    rmSync(path, { force: true });
    server.close();
  };
  return { name, stop };
}

async function listening(server: Server, name: string, begin: () => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.once('listening', resolve);
  try {
    begin();
    await promise;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isTaken = code === 'EADDRINUSE';
    throw new EngineError(
      isTaken ? 'conflict' : 'unavailable',
      isTaken ? `another process listens on ${name} already` : `cannot listen on ${name}: ${message}`,
      { subject: name, cause },
    );
  } finally {
    server.off('error', reject);
  }
}
