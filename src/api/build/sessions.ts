import { EngineError } from '../../errors.ts';
import type { Call } from '../http/call.ts';

/** Session: the client answers calls on this connection, for the build that names it. It lasts until the client closes it. */
export async function openSession({ connections, request, reply, counts }: Call): Promise<void> {
  const {
    upgrade = '',
    'x-docker-expose-session-uuid': id,
    'x-docker-expose-session-grpc-method': methods = '',
  } = request.headers;
  if (upgrade.toLowerCase() !== 'h2c')
    throw new EngineError('invalid', 'a session is opened with Upgrade: h2c', { subject: upgrade });
  if (typeof id !== 'string' || id === '')
    throw new EngineError('invalid', 'the session has no id', {
      hint: 'say it in X-Docker-Expose-Session-Uuid',
    });
  const { GrpcConnection } = await import('../http/grpc.ts');
  const session = new GrpcConnection(reply.upgrade('h2c'), String(methods).split(/, ?/));
  connections.sessions.bring(id, session, session.closed);
  // The build that it is for does.
  counts(false);
}

/** BuildCancel: ends a build by the id that its client has given it. One that has ended is none. */
export async function cancelBuild({ connections, query, reply }: Call): Promise<void> {
  const id = query.text('id');
  if (id === undefined)
    throw new EngineError('invalid', 'no build was named', { hint: 'say it with id=, as buildid= of build' });
  connections.builds.get(id)?.abort();
  reply.empty(200);
}

/** `/grpc`: BuildKit's own API, by which buildx and Compose build. It lasts until the client closes it. */
export async function openControl({ engine, connections, request, reply, counts }: Call): Promise<void> {
  if (request.headers.upgrade?.toLowerCase() !== 'h2c')
    throw new EngineError('invalid', "BuildKit's API is opened with Upgrade: h2c", {
      subject: request.headers.upgrade,
    });
  const { answerCalls } = await import('../http/grpc-server.ts');
  const { controlMethods } = await import('../buildkit/control.ts');
  const methods = controlMethods({ engine, connections, counts });
  await answerCalls(reply.upgrade('h2c'), methods, "this part of BuildKit's API is not here");
}
