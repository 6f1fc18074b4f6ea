import { isUtf8 } from 'node:buffer';
import { constants, lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../errors.ts';
import type { GrpcCall, GrpcConnection } from '../http/grpc.ts';
import { goMode } from './file-mode.ts';
import { Message, ReadMessage } from './protobuf.ts';

const METHOD = '/moby.filesync.v1.FileSend/DiffCopy';

/** The kinds of fsutil.types.Packet (tonistiigi/fsutil, types/wire.proto). */
const STAT = 0;
const REQUEST = 1n;
const DATA = 2;
const FIN = 3n;
const FAILED = 4n;

/** Bytes of a file in one message. */
const PIECE = 32 * 1024;

/** Sends an archive to where the client wants the result of an exporter. Rejects as `GrpcCall.messages`. */
export async function sendArchive(
  session: GrpcConnection,
  exporter: string,
  archive: AsyncIterable<Uint8Array>,
): Promise<void> {
  const call = callOf(session, exporter);
  try {
    for await (const bytes of archive)
      for (let at = 0; at < bytes.length; at += PIECE)
        await call.send(new Message().bytes(1, bytes.subarray(at, at + PIECE)).encoded());
    call.end();
    for await (const _ of call.messages());
  } finally {
    call.cancel();
  }
}

/**
 * Sends the files of a directory to where the client wants the result of an exporter, which asks for the content of those
 * that it has not. Nobody else writes to the directory. Rejects as `GrpcCall.messages`, with `unavailable` when the client
 * cannot write them, and `unsupported` for a name that the protocol has none for.
 */
export async function sendFiles(session: GrpcConnection, exporter: string, directory: string): Promise<void> {
  const call = callOf(session, exporter);
  try {
    const contents: (string | undefined)[] = [];
    for (const { path, stat, target } of entriesOf(directory)) {
      contents.push(stat.isFile() ? join(directory, path) : undefined);
      const message = statMessage(path, stat, target);
      await call.send(new Message().number(1, STAT).message(2, message).encoded());
    }
    await call.send(new Message().number(1, STAT).encoded());
    for await (const bytes of call.messages()) {
      const packet = new ReadMessage(bytes);
      const kind = packet.number(1);
      if (kind === FAILED)
        throw new EngineError('unavailable', `the client cannot write the result: ${packet.text(4)}`);
      if (kind === REQUEST) await sendContent(call, Number(packet.number(3)), contents);
      if (kind !== FIN) continue;
      await call.send(new Message().number(1, FIN).encoded());
      call.end();
    }
  } finally {
    call.cancel();
  }
}

function callOf(session: GrpcConnection, exporter: string): GrpcCall {
  return session.call(METHOD, { 'buildkit-attachable-exporter-id': exporter });
}

/** `contents`: the file of each id, where there is one to be read. */
async function sendContent(
  call: GrpcCall,
  id: number,
  contents: readonly (string | undefined)[],
): Promise<void> {
  const path = contents[id];
  if (path === undefined)
    throw new EngineError('unavailable', `the client has asked for a file that there is not: ${id}`);
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE), 0, PIECE);
      const data = new Message().number(1, DATA).number(3, id).bytes(4, buffer.subarray(0, bytesRead));
      // The end is a piece of nothing.
      await call.send(data.encoded());
      if (bytesRead === 0) return;
    }
  } finally {
    await file.close();
  }
}

interface Entry {
  path: string;
  stat: Stats;
  target: string | undefined;
}

/** What lies below a directory, in the order in which fsutil compares paths. */
function* entriesOf(root: string, below = '', seen = new Map<number, string>()): Generator<Entry> {
  for (const name of readdirSync(join(root, below), 'buffer').sort(Buffer.compare)) {
    if (!isUtf8(name))
      throw new EngineError('unsupported', `clients are sent no names that are not UTF-8: ${name}`, {
        subject: String(name),
        hint: 'an archive has them: type=tar',
      });
    const path = below === '' ? String(name) : `${below}/${name}`;
    const stat = lstatSync(join(root, path));
    const same = stat.isFile() && stat.nlink > 1 ? seen.get(stat.ino) : undefined;
    if (stat.isFile() && same === undefined) seen.set(stat.ino, path);
    yield { path, stat, target: stat.isSymbolicLink() ? readlinkSync(join(root, path)) : same };
    if (stat.isDirectory()) yield* entriesOf(root, path, seen);
  }
}

/** fsutil.types.Stat. `target`: to what a symlink leads, or the path of the file that it is, too. */
function statMessage(path: string, stat: Stats, target: string | undefined): Message {
  return new Message()
    .text(1, path)
    .number(2, goMode(stat))
    .number(3, stat.uid)
    .number(4, stat.gid)
    .number(5, stat.isFile() && target === undefined ? stat.size : 0)
    .number(6, BigInt(Math.floor(stat.mtimeMs)) * 1_000_000n)
    .text(7, target)
    .number(8, stat.rdev >> 8)
    .number(9, stat.rdev & 0xff);
}
