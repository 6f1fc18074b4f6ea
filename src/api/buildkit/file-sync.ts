import { EngineError } from '../../errors.ts';
import type { GrpcCall, GrpcConnection } from '../http/grpc.ts';
import { MODE } from './file-mode.ts';
import { Message, ReadMessage } from './protobuf.ts';

const METHOD = '/moby.filesync.v1.FileSync/DiffCopy';

/** The kinds of fsutil.types.Packet (tonistiigi/fsutil, types/wire.proto). */
const STAT = 0n;
const REQUEST = 1;
const DATA = 2n;
const FIN = 3;
const FAILED = 4n;

/** A file of the client's. */
export interface SyncedFile {
  /** Below the directory, without `/` at either end. */
  path: string;
  kind: 'file' | 'link' | 'directory' | 'symlink' | 'fifo' | 'character' | 'block' | 'socket';
  /** The twelve bits of permissions. */
  mode: number;
  /** In bytes; 0 of what is no file. */
  size: number;
  /** ms since the epoch. */
  modifiedAt: number;
  /** To what a symlink leads; of a `link`, the path of the file that it is, too. */
  target: string;
  device: { major: number; minor: number };
}

/** Which files of a directory that the client has named are asked for. */
export interface SyncRequest {
  /** As the client calls it: `context`, `dockerfile`. */
  directory: string;
  /** Patterns of an ignore file. */
  excluded?: readonly string[];
  /** Only these, and to what they lead. */
  followed?: readonly string[];
}

/**
 * Fetches files that a client of BuildKit offers, in the order of their paths. The content of each is read to its end before the
 * next one is asked for. Throws `unavailable` when the client has gone, and as `GrpcCall.messages`.
 */
export async function* syncFiles(
  session: GrpcConnection,
  { directory, excluded = [], followed = [] }: SyncRequest,
): AsyncGenerator<{ file: SyncedFile; content: AsyncIterable<Uint8Array> }> {
  const call = session.call(METHOD, {
    'dir-name': directory,
    'override-excludes': 'true',
    ...(excluded.length === 0 ? {} : { 'exclude-patterns': [...excluded] }),
    ...(followed.length === 0 ? {} : { followpaths: [...followed] }),
  });
  const packets = packetsOf(call);
  try {
    const files: SyncedFile[] = [];
    for (;;) {
      const stat = (await nextOf(packets, STAT)).messages(2)[0];
      if (stat === undefined) break;
      files.push(fileOf(stat));
    }
    for (const [id, file] of files.entries()) yield { file, content: contentOf(call, packets, { id, file }) };
    await call.send(new Message().number(1, FIN).encoded());
    call.end();
    for await (const _ of packets);
  } finally {
    call.cancel();
  }
}

async function* packetsOf(call: GrpcCall): AsyncGenerator<ReadMessage> {
  for await (const bytes of call.messages()) {
    const packet = new ReadMessage(bytes);
    if (packet.number(1) === FAILED)
      throw new EngineError('unavailable', `the client could not send its files: ${packet.text(4)}`);
    yield packet;
  }
}

async function nextOf(packets: AsyncGenerator<ReadMessage>, kind: bigint): Promise<ReadMessage> {
  const { done, value } = await packets.next();
  if (done !== true && value.number(1) === kind) return value;
  throw new EngineError('unavailable', 'the client has sent something else than the files of the build');
}

async function* contentOf(
  call: GrpcCall,
  packets: AsyncGenerator<ReadMessage>,
  { id, file }: { id: number; file: SyncedFile },
): AsyncGenerator<Uint8Array> {
  if (file.kind !== 'file' || file.size === 0) return;
  await call.send(new Message().number(1, REQUEST).number(3, id).encoded());
  let length = 0;
  for (;;) {
    const bytes = (await nextOf(packets, DATA)).bytes(4);
    if (bytes === undefined || bytes.length === 0) break;
    length += bytes.length;
    if (length > file.size) break;
    yield bytes;
  }
  if (length !== file.size)
    throw new EngineError('conflict', `${file.path} was changed while it was sent`, { subject: file.path });
}

/** Reads fsutil.types.Stat. */
function fileOf(stat: ReadMessage): SyncedFile {
  const mode = Number(BigInt.asUintN(32, stat.number(2)));
  const target = stat.text(7);
  const has = (bit: number): boolean => Math.floor(mode / bit) % 2 === 1;
  const kind = kindOf(has, target);
  const special =
    (has(MODE.setuid) ? 0o4000 : 0) | (has(MODE.setgid) ? 0o2000 : 0) | (has(MODE.sticky) ? 0o1000 : 0);
  return {
    path: stat.text(1),
    kind,
    mode: (mode % 0o1000) | special,
    size: kind === 'file' ? Number(stat.number(5)) : 0,
    modifiedAt: Number(stat.number(6) / 1_000_000n),
    target,
    device: { major: Number(stat.number(8)), minor: Number(stat.number(9)) },
  };
}

function kindOf(has: (bit: number) => boolean, target: string): SyncedFile['kind'] {
  if (has(MODE.directory)) return 'directory';
  if (has(MODE.symlink)) return 'symlink';
  if (has(MODE.device)) return has(MODE.character) ? 'character' : 'block';
  if (has(MODE.fifo)) return 'fifo';
  if (has(MODE.socket)) return 'socket';
  return target === '' ? 'file' : 'link';
}
