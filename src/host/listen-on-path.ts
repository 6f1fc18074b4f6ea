import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  linkSync,
  lstatSync,
  openSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { basename, dirname } from 'node:path';
import { EngineError } from '../errors.ts';
import { groupId, SOCKET_GROUP } from './group.ts';
import { impossible, type Listening, taken, untilListening } from './listening.ts';
import { makeOwnDirectory } from './own-file.ts';

/** Owner and group may speak to it; whoever does is root. */
const SOCKET_MODE = 0o660;

/** The mode of directories that are made for it: whoever knows the name gets there. */
const DIRECTORY_MODE = 0o711;

/** Runs `use` while no other process of this host does so with the same file, which is gone afterwards. */
export type Alone = <Result>(file: string, use: () => Promise<Result>) => Promise<Result>;

/**
 * Lets a server listen on a Unix socket (unix(7)). It appears in one step, with its owner and mode, and in the place of one
 * alone on which nobody listens any more: of several who start at the same moment one gets it. Throws `conflict` when it is
 * another's, or no socket, `denied` in a
 * directory of others, `unavailable` when it is impossible.
 */
export async function listenOnPath(server: Server, path: string, alone: Alone): Promise<Listening> {
  const group = groupId(SOCKET_GROUP);
  try {
    makeOwnDirectory(dirname(path), DIRECTORY_MODE);
    requireOwn(dirname(path), group);
  } catch (cause) {
    throw cause instanceof EngineError ? cause : impossible(path, cause);
  }
  const made = await alone(`${path}.lock`, async () => {
    await removeStale(path);
    return await appear(server, path, group);
  });
  const stop = () => {
    // Somebody may have put another one there.
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found !== undefined && isSame(found, made)) rmSync(path, { force: true });
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
  if (!found.isSocket()) throw notSocket(path);
  if (await answers(path)) throw taken(path);
  rmSync(path, { force: true });
}

/** Whether somebody listens on it, also one who speaks another protocol, or has no time for us. */
export async function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.on('connect', () => resolve(true));
  socket.on('error', ({ code }: NodeJS.ErrnoException) =>
    resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'),
  );
  try {
    return await promise;
  } finally {
    socket.destroy();
  }
}

/** Makes the socket under a name of its own, for which no path is too long, and links it to the real one. */
async function appear(server: Server, path: string, group: number | undefined): Promise<Stats> {
  const directory = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  const draft = `/proc/self/fd/${directory}/.${process.pid}`;
  const before = process.umask(0o177);
  try {
    rmSync(draft, { force: true });
    await untilListening(server, path, () => server.listen(draft));
    // A directory may have given it a group of its own (setgid).
    chownSync(draft, process.geteuid?.() ?? 0, group ?? process.getegid?.() ?? 0);
    chmodSync(draft, SOCKET_MODE);
    linkSync(draft, `/proc/self/fd/${directory}/${basename(path)}`);
    return lstatSync(draft);
  } catch (cause) {
    server.close();
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') throw notSocket(path);
    throw cause instanceof EngineError ? cause : impossible(path, cause);
  } finally {
    process.umask(before);
    rmSync(draft, { force: true });
    closeSync(directory);
  }
}

function notSocket(path: string): EngineError {
  return new EngineError('conflict', `${path} is there already, and is no socket`, { subject: path });
}

function isSame(one: Stats, other: Stats): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}
