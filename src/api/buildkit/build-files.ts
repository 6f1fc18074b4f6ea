import type { BuildOptions, NamedContext } from '../../engine/build/options.ts';
import { EngineError } from '../../errors.ts';
import { type ArchivedEntry, tarOfEntries } from '../../storage/tar/archive.ts';
import { contextStream, onePiece } from '../bodies/build.ts';
import type { GrpcConnection } from '../http/grpc.ts';
import type { Meetings } from '../http/meetings.ts';
import {
  type ClientDirectories,
  clientContext,
  clientDirectory,
  clientDockerfile,
  clientTexts,
  uploadedContext,
} from './client.ts';
import type { ClientDirectory, WantedBuild, WantedNamedContext } from './frontend.ts';

/** The sessions of a client: that of the build, and those in which it has files besides. */
export interface BuildClient {
  session: GrpcConnection;
  sessions: Meetings<GrpcConnection>;
}

/** Finds a session by its id. Throws `invalid` when there is none. */
export async function sessionOf(sessions: Meetings<GrpcConnection>, id: string): Promise<GrpcConnection> {
  const session = await sessions.find(id);
  if (session !== undefined) return session;
  throw new EngineError('invalid', `there is no session ${id}`.trimEnd(), {
    subject: id,
    hint: 'the client opens it by POST /session while it asks for the build',
  });
}

/** Finds where the files of a build come from. Throws as `sessionOf` and `clientContext`. */
export async function buildFiles(
  client: BuildClient,
  wanted: WantedBuild,
): Promise<Pick<BuildOptions, 'source' | 'file' | 'contexts'>> {
  const contexts = new Map<string, NamedContext>();
  for (const [name, context] of wanted.contexts) contexts.set(name, await namedContext(client, context));
  return { ...(await mainFiles(client, wanted)), contexts };
}

async function namedContext(client: BuildClient, context: WantedNamedContext): Promise<NamedContext> {
  if (context.kind !== 'client') return context;
  const { directory } = context;
  return contextStream(clientDirectory(await sessionFor(client, directory), directory.name), directory.name);
}

async function mainFiles(
  client: BuildClient,
  { context, file, directories }: WantedBuild,
): Promise<Pick<BuildOptions, 'source' | 'file'>> {
  if (context.kind === 'client') {
    const names = namesOf(directories);
    const { dockerfile: text, bytes } = await clientContext(
      await sessionFor(client, directories.context),
      file,
      names,
    );
    return { source: contextStream(bytes), file: { bytes: onePiece(text) } };
  }
  const source =
    context.kind === 'remote' ? context : contextStream(uploadedContext(client.session, context.path));
  const { dockerfile } = directories;
  if (dockerfile === undefined) return { source, file };
  return {
    source,
    file: {
      bytes: onePiece(await clientDockerfile(await sessionFor(client, dockerfile), file, dockerfile.name)),
    },
  };
}

/**
 * The same for whoever only asks what there is to be said of a Dockerfile: of a client's directory nothing else comes than what
 * that needs.
 */
export async function dockerfileAlone(
  client: BuildClient,
  wanted: WantedBuild,
): Promise<Pick<BuildOptions, 'source' | 'file' | 'contexts'>> {
  const { context, file = 'Dockerfile', directories } = wanted;
  if (context.kind !== 'client') return await buildFiles(client, wanted);
  // Their names count: nothing is read of them.
  const contexts = new Map(
    [...wanted.contexts.keys()].map((name) => [name, { kind: 'image', reference: name } as const]),
  );
  const session = await sessionFor(client, directories.context);
  const texts = await clientTexts(session, file, namesOf(directories));
  return { source: contextStream(tarOfEntries(entriesOf(texts))), file, contexts };
}

async function* entriesOf(texts: ReadonlyMap<string, Buffer>): AsyncGenerator<ArchivedEntry> {
  const common = {
    type: 'file',
    mode: 0o644,
    modifiedAt: 0,
    target: '',
    device: { major: 0, minor: 0 },
  } as const;
  for (const [name, text] of texts)
    yield { ...common, name, size: text.length, content: () => onePiece(text) };
}

function namesOf({ context, dockerfile }: WantedBuild['directories']): ClientDirectories {
  return { context: context.name, dockerfile: dockerfile?.name ?? 'dockerfile' };
}

async function sessionFor(
  { sessions, session }: BuildClient,
  directory: ClientDirectory,
): Promise<GrpcConnection> {
  return directory.session === undefined ? session : await sessionOf(sessions, directory.session);
}
