import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
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
  const group = groupId(SOCKET_GROUP);
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  requireOwn(dirname(path), group);
  await removeStale(path);
  const before = process.umask(0o177);
  try {
    await listening(server, path, () => server.listen(path));
  } finally {
    process.umask(before);
  }
  // A directory may have given it a group of its own (setgid).
  chownSync(path, process.geteuid?.() ?? 0, group ?? process.getegid?.() ?? 0);
  chmodSync(path, SOCKET_MODE);
  const { ino } = lstatSync(path);
  const stop = () => {
    // Somebody may have put another one there.
    if (lstatSync(path, { throwIfNoEntry: false })?.ino === ino) rmSync(path, { force: true });
    server.close();
  };
  return { name: `unix://${path}`, stop };
}

const STICKY = 0o1000;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;

/**
 * Throws `denied` for a directory in which other users may put a socket of theirs in the place of ours: what clients say to
 * it, they say to root.
 */
function requireOwn(directory: string, group: number | undefined): void {
  const { mode, uid, gid } = statSync(directory);
  const isGroups = (mode & GROUP_WRITES) !== 0 && gid !== 0 && gid !== group;
  const isOpen = ((mode & OTHERS_WRITE) !== 0 || isGroups) && (mode & STICKY) === 0;
  const belongsToAnother = uid !== 0 && uid !== process.geteuid?.();
  if (!isOpen && !belongsToAnother) return;
  const whose = belongsToAnother ? `belongs to another user (uid ${uid})` : 'may be written by other users';
  throw new EngineError('denied', `the directory of the socket, ${directory}, ${whose}`, {
    subject: directory,
    hint: 'whoever can put another socket there hears what clients say: choose another place with -H',
  });
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
  if (!isUnixListener(descriptor)) {
    throw new EngineError(
      'denied',
      `the service does not listen on ${name}: it is no Unix socket that listens`,
      {
        subject: name,
        hint: 'ListenStream= of the socket unit is to be a path; for TCP use -H tcp://127.0.0.1:PORT',
      },
    );
  }
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

/** Whether a descriptor is such a socket (proc_pid_net(5), unix: type 1 is a stream, flag 0x10000 says that it listens). */
function isUnixListener(descriptor: number): boolean {
  const [, inode] = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/self/fd/${descriptor}`)) ?? [];
  return (
    inode !== undefined &&
    readFileSync('/proc/self/net/unix', 'utf8')
      .split('\n')
      .some((line) => {
        const [, , , flags = '', type, , number] = line.split(/\s+/);
        return number === inode && type === '0001' && (Number.parseInt(flags, 16) & 0x10000) !== 0;
      })
  );
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
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
