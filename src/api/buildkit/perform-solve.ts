import type { Engine } from '../../engine/engine.ts';
import { SILENT_PUSH } from '../../engine/images/push-progress.ts';
import { parseEntitlement } from '../../grammar/build.ts';
import type { GrpcConnection } from '../http/grpc.ts';
import type { Meetings } from '../http/meetings.ts';
import { buildFiles, sessionOf } from './build-files.ts';
import { cacheSources, cacheTargets } from './caches.ts';
import { clientCredentials, clientSecrets } from './client.ts';
import { ClientAgents } from './client-agents.ts';
import { wantedBuild } from './frontend.ts';
import { Message, type ReadMessage } from './protobuf.ts';
import { wantedResult } from './result.ts';
import type { Solve } from './solve.ts';
import { BuildStatus } from './status.ts';

/** What a build needs of the service. */
export interface Surroundings {
  engine: Engine;
  sessions: Meetings<GrpcConnection>;
  /** Aborts when the client has given it up. */
  signal: AbortSignal;
}

/** Performs a SolveRequest; returns the SolveResponse. Throws as the build. */
export async function performSolve(
  { engine, sessions, signal }: Surroundings,
  solve: Solve,
  request: ReadMessage,
): Promise<Buffer> {
  const [cache] = request.messages(8);
  const frontend = request.text(6);
  const own = { frontend, attributes: request.map(7), cacheImports: cache?.messages(5) ?? [] };
  const asked = frontend === '' ? await solve.wanted(signal) : own;
  // A client that only asks who is there.
  if (asked === undefined) return Buffer.alloc(0);
  const session = await sessionOf(sessions, solve.session);
  const wanted = wantedBuild(asked);
  const result = wantedResult(request.messages(13), session);
  const credentials = clientCredentials(session);
  const files = await buildFiles({ sessions, session }, wanted);
  const agents = new ClientAgents(session);
  const building = engine.builder.build({
    ...wanted.options,
    ...files,
    names: [],
    outputs: result.outputs,
    rewritesTimes: result.rewritesTimes,
    allow: request.texts(9).map(parseEntitlement),
    cacheFrom: cacheSources(asked.cacheImports),
    cacheTo: cacheTargets(cache?.messages(4) ?? []),
    credentials,
    secrets: clientSecrets(session),
    agents,
    progress: new BuildStatus(
      (response) => solve.status.push(response),
      () => solve.status.room(),
    ),
    signal: AbortSignal.any([signal, goneSignal(session)]),
  });
  const built = await building.finally(() => agents.close());
  if (built === undefined) return Buffer.alloc(0);
  for (const name of result.pushed)
    await engine.images.push(name, { allTags: false, credentials, progress: SILENT_PUSH, signal });
  const { id, descriptor, names } = built;
  return new Message()
    .map(1, {
      'containerimage.config.digest': id,
      'containerimage.digest': result.pushed.length > 0 ? descriptor.digest : id,
      ...(names.length === 0 ? {} : { 'image.name': names.join(',') }),
    })
    .encoded();
}

function goneSignal(session: GrpcConnection): AbortSignal {
  const gone = new AbortController();
  void session.closed.then(() => gone.abort());
  return gone.signal;
}
