import { ignoreLines } from '../../build/context/ignore.ts';
import type { BuildOptions } from '../../engine/build/options.ts';
import { EngineError } from '../../errors.ts';
import type { Credential, CredentialSource } from '../../registry/credential.ts';
import { HUB } from '../../registry/routes.ts';
import { type ArchivedEntry, tarOfEntries } from '../../storage/tar/archive.ts';
import type { GrpcConnection } from '../http/grpc.ts';
import { type SyncedFile, syncFiles } from './file-sync.ts';
import { Message, ReadMessage } from './protobuf.ts';

/** The largest Dockerfile and ignore file, in bytes: as elsewhere. */
const TEXT_MAX = 16 << 20;

const IGNORE = '.dockerignore';

/** The files of a build that its client has. */
export interface ClientContext {
  /** The Dockerfile. */
  dockerfile: Buffer;
  /** An archive of the context, without what is ignored. */
  bytes: AsyncIterable<Uint8Array>;
}

/** How the client calls its directories. */
export interface ClientDirectories {
  context: string;
  dockerfile: string;
}

const USUAL: ClientDirectories = { context: 'context', dockerfile: 'dockerfile' };

/**
 * Asks the client for the files of a build. Throws `invalid` when there is no Dockerfile of this name, and as
 * `syncFiles`.
 */
export async function clientContext(
  session: GrpcConnection,
  name = 'Dockerfile',
  directories = USUAL,
): Promise<ClientContext> {
  const { context } = directories;
  const own = `${name}${IGNORE}`;
  const texts = await clientTexts(session, name, directories);
  const dockerfile = texts.get(name) ?? missing(name);
  const ignored = texts.get(own) ?? texts.get(IGNORE);
  const excluded = excludedBy(ignored);
  // Where a Dockerfile has one of its own, that of the context is nobody's.
  const left = texts.has(own) ? IGNORE : undefined;
  return { dockerfile, bytes: tarOfEntries(entriesOf(session, { directory: context, excluded, left })) };
}

/**
 * Asks the client for the Dockerfile and what says which files are ignored, of which there may be none; by their names. Throws
 * as `clientContext`.
 */
export async function clientTexts(
  session: GrpcConnection,
  name: string,
  { context, dockerfile }: ClientDirectories,
): Promise<Map<string, Buffer>> {
  const own = `${name}${IGNORE}`;
  const texts = await textsOf(session, dockerfile, [name, own]);
  if (!texts.has(name)) missing(name);
  return texts.has(own) ? texts : new Map([...texts, ...(await textsOf(session, context, [IGNORE]))]);
}

/** Asks the client for a Dockerfile alone. Throws `invalid` when there is none of this name, and as `syncFiles`. */
export async function clientDockerfile(
  session: GrpcConnection,
  name = 'Dockerfile',
  directory = USUAL.dockerfile,
): Promise<Buffer> {
  return (await textsOf(session, directory, [name])).get(name) ?? missing(name);
}

function missing(name: string): never {
  throw new EngineError('invalid', `the client has no ${name}`, { subject: name });
}

/** An archive of another directory of the client's, without what its own ignore file says. Throws as `syncFiles`. */
export async function* clientDirectory(
  session: GrpcConnection,
  directory: string,
): AsyncGenerator<Uint8Array> {
  const ignored = (await textsOf(session, directory, [IGNORE])).get(IGNORE);
  const excluded = excludedBy(ignored);
  yield* tarOfEntries(entriesOf(session, { directory, excluded, left: undefined }));
}

function excludedBy(ignored: Buffer | undefined): string[] {
  return ignored === undefined ? [] : ignoreLines(ignored.toString()).filter((line) => line !== '');
}

/** Whole files of one directory, by their paths. */
async function textsOf(
  session: GrpcConnection,
  directory: string,
  names: readonly string[],
): Promise<Map<string, Buffer>> {
  const texts = new Map<string, Buffer>();
  for await (const { file, content } of syncFiles(session, { directory, followed: names })) {
    if (file.kind !== 'file' || !names.includes(file.path)) continue;
    if (file.size > TEXT_MAX)
      throw new EngineError('invalid', `${file.path} is larger than ${TEXT_MAX} bytes`);
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece);
    texts.set(file.path, Buffer.concat(pieces));
  }
  return texts;
}

const TYPES: Readonly<Record<SyncedFile['kind'], ArchivedEntry['type'] | undefined>> = {
  file: 'file',
  link: 'link',
  directory: 'directory',
  symlink: 'symlink',
  fifo: 'fifo',
  character: 'character-device',
  block: 'block-device',
  socket: undefined,
};

async function* entriesOf(
  session: GrpcConnection,
  { directory, excluded, left }: { directory: string; excluded: readonly string[]; left: string | undefined },
): AsyncGenerator<ArchivedEntry> {
  for await (const { file, content } of syncFiles(session, { directory, excluded })) {
    const { path: name, mode, size, modifiedAt, target, device } = file;
    const type = TYPES[file.kind];
    if (type === undefined || name === left) continue;
    yield { name, type, mode, size, modifiedAt, target, device, content: () => content };
  }
}

/**
 * What the client has put aside for its build, as what came on its standard input, by the path of its address. Throws as
 * `GrpcCall.messages`.
 */
export async function* uploadedContext(session: GrpcConnection, path: string): AsyncGenerator<Uint8Array> {
  const call = session.call('/moby.upload.v1.Upload/Pull', { urlpath: `/${path}` });
  call.end();
  for await (const bytes of call.messages()) yield new ReadMessage(bytes).bytes(1) ?? new Uint8Array();
}

/** Who the client is to a registry, as it says when it is asked; without an answer it is nobody. */
export function clientCredentials(session: GrpcConnection): CredentialSource {
  return {
    find: async ({ domain }) => {
      const host = domain === HUB ? 'registry-1.docker.io' : domain;
      const asked = new Message().text(1, host).encoded();
      const answer = await session.ask('/moby.filesync.v1.Auth/Credentials', asked);
      return answer === undefined ? undefined : credentialOf(new ReadMessage(answer));
    },
  };
}

/** The secrets of a client, asked for when a step wants them. */
export function clientSecrets(session: GrpcConnection): NonNullable<BuildOptions['secrets']> {
  return {
    get: (id) => ({
      ask: async () => {
        const asked = new Message().text(1, id).encoded();
        const answer = await session.ask('/moby.buildkit.secrets.v1.Secrets/GetSecret', asked);
        return answer === undefined ? undefined : (new ReadMessage(answer).bytes(1) ?? Buffer.alloc(0));
      },
    }),
  };
}

function credentialOf(answer: ReadMessage): Credential | undefined {
  const [username, secret] = [answer.text(1), answer.text(2)];
  if (secret === '') return undefined;
  return username === '' ? { identityToken: secret } : { username, password: secret };
}
