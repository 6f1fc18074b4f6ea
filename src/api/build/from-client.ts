import type { BuildOptions } from '../../engine/build/options.ts';
import { EngineError } from '../../errors.ts';
import type { CredentialSource } from '../../registry/credential.ts';
import { CLIENT_SESSION, contextStream, onePiece, UPLOAD } from '../bodies/build.ts';
import type { Call } from '../http/call.ts';
import type { GrpcConnection } from '../http/grpc.ts';

/** What a build has of its client, besides what the query says. */
export interface FromClient {
  /** Asks for it, at most once. */
  ask(file: BuildOptions['file']): Promise<Partial<BuildOptions>>;
  /** Calls it when the client's session is closed, before which a build has to end. */
  whenGone(gone: () => void): void;
  /** To be called when the build has ended. */
  done(): void;
}

/**
 * Finds the ways in which a client of BuildKit offers what its build needs. With a session it is asked for the files of the
 * build, for secrets, for its agents of ssh, and for who it is to registries, if `shown` does not say so; a context may come by a call of its own. Throws
 * `invalid` for what does not come.
 */
export async function fromClient(call: Call, shown: CredentialSource | undefined): Promise<FromClient> {
  const { connections, query } = call;
  const [remote, id] = [query.text('remote'), query.text('session')];
  const isBuildKit = query.text('version') === '2';
  if (!isBuildKit && (remote === CLIENT_SESSION || remote === UPLOAD))
    throw new EngineError('invalid', `only builds with version=2 have ${remote} for a remote`);
  // The classic builder does not look at it.
  const session = !isBuildKit || id === undefined ? undefined : await connections.sessions.find(id);
  if (isBuildKit && session === undefined && (id !== undefined || remote === CLIENT_SESSION))
    throw new EngineError('invalid', `there is no session ${id ?? ''}`.trimEnd(), {
      subject: id,
      hint: 'the client opens it by POST /session while it asks for the build',
    });
  const upload = remote === UPLOAD ? await connections.uploads.find(query.text('buildid') ?? '') : undefined;
  if (remote === UPLOAD && upload === undefined)
    throw new EngineError('invalid', 'the context of the build has not come');
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  return {
    whenGone: (gone) => void session?.closed.then(gone),
    done: () => {
      upload?.done();
      end();
    },
    ask: async (file) => ({
      ...(session === undefined ? {} : await asked(session, { remote, file, shown, ended })),
      ...(upload === undefined ? {} : { source: contextStream(upload.bytes) }),
    }),
  };
}

interface Asked {
  remote: string | undefined;
  file: BuildOptions['file'];
  shown: CredentialSource | undefined;
  /** Resolves when the build has ended. */
  ended: Promise<void>;
}

async function asked(
  session: GrpcConnection,
  { remote, file, shown, ended }: Asked,
): Promise<Partial<BuildOptions>> {
  const { clientContext, clientCredentials, clientSecrets } = await import('../buildkit/client.ts');
  const { ClientAgents } = await import('../buildkit/client-agents.ts');
  const agents = new ClientAgents(session);
  ended.then(() => agents.close());
  const own = clientCredentials(session);
  const credentials: CredentialSource = {
    find: async (repository) => (await shown?.find(repository)) ?? (await own.find(repository)),
  };
  const common = { credentials, secrets: clientSecrets(session), agents };
  if (remote !== CLIENT_SESSION) return common;
  const { dockerfile, bytes } = await clientContext(session, typeof file === 'string' ? file : undefined);
  return { ...common, source: contextStream(bytes), file: { bytes: onePiece(dockerfile) } };
}

/** Whether a call of a build brings nothing but the context of another one; then it is kept for that until it has been read. */
export async function takeUpload({ connections, query, request, reply, signal }: Call): Promise<boolean> {
  const [, id] = /^upload-request:(.+)$/.exec(query.text('buildid') ?? '') ?? [];
  if (id === undefined) return false;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener('abort', () => resolve(), { once: true });
  connections.uploads.bring(id, { bytes: request as AsyncIterable<Uint8Array>, done: resolve }, promise);
  await promise;
  reply.empty(200);
  return true;
}
