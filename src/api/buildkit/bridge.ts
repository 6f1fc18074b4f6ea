import { EngineError } from '../../errors.ts';
import type { GrpcMethod, ServerCall } from '../http/grpc-server.ts';
import type { Meetings } from '../http/meetings.ts';
import { sessionOf } from './build-files.ts';
import type { Surroundings } from './perform-solve.ts';
import { Message, ReadMessage } from './protobuf.ts';
import type { Solve } from './solve.ts';
import { answerSubrequest, subrequestOf } from './subrequests.ts';
import { worker } from './worker.ts';

/** The header by which the calls of a client say which build they concern. */
const BUILD = 'buildkit-controlapi-buildid';

/** What the bridge can do, in BuildKit's words (frontend/gateway/pb/caps.go). */
const CAPABILITIES = [
  'solve.base',
  'return',
  'returnmap',
  'proto.refarray',
  'frontend.caps',
  'importcaches',
  'gateway.solve.metadata',
  'gateway.evaluate',
  'gateway.solve.evaluate',
];

/** What builds can do besides: have several results (solver/pb/caps.go). */
const BUILD_CAPABILITIES = ['exporter.multiple'];

/** What calls need of the service, and the builds that are under way. */
interface Bridge extends Omit<Surroundings, 'signal'> {
  solves: Meetings<Solve>;
}

/**
 * The methods of moby.buildkit.v1.frontend.LLBBridge (buildkit, frontend/gateway/pb/gateway.proto), by which a client stands
 * between a build and its frontend.
 */
export function bridgeMethods({ solves, ...surroundings }: Bridge): [string, GrpcMethod][] {
  const of = (
    method: (solve: Solve, request: ReadMessage, signal: AbortSignal) => Message | Promise<Message>,
  ): GrpcMethod => {
    return async (call) => {
      const solve = await solveOf(solves, call);
      return (await method(solve, new ReadMessage(await call.message()), call.signal)).encoded();
    };
  };
  const asked: Parameters<typeof of>[0] = (solve, request, signal) =>
    answerSolve({ ...surroundings, signal }, solve, request);
  const service = '/moby.buildkit.v1.frontend.LLBBridge';
  return [
    [`${service}/Ping`, of(ping)],
    [`${service}/Solve`, of(asked)],
    [`${service}/Return`, of(giveBack)],
  ];
}

async function solveOf(solves: Meetings<Solve>, { metadata }: ServerCall): Promise<Solve> {
  const id = String(metadata[BUILD] ?? '');
  const found = await solves.find(id);
  if (found === undefined) throw new EngineError('notFound', `no such build: ${id}`, { subject: id });
  return found;
}

function ping(): Message {
  const pong = new Message();
  for (const id of CAPABILITIES) pong.message(1, new Message().text(1, id).number(2, true));
  for (const id of BUILD_CAPABILITIES) pong.message(2, new Message().text(1, id).number(2, true));
  return pong.message(3, worker());
}

/** Nothing is built yet, as it is not known what becomes of it; what there is to be said of a Dockerfile is said at once. */
async function answerSolve(
  { engine, sessions, signal }: Surroundings,
  solve: Solve,
  request: ReadMessage,
): Promise<Message> {
  const frontend = request.text(2);
  if (frontend === '' && request.bytes(1) === undefined) return new Message().message(3, new Message());
  if (frontend === '')
    throw new EngineError('unsupported', 'what is built is a Dockerfile: LLB is not understood');
  const asked = { frontend, attributes: request.map(3), cacheImports: request.messages(13) };
  if (subrequestOf(asked) !== undefined) {
    const session = await sessionOf(sessions, solve.session);
    const metadata = await answerSubrequest({ engine, sessions, session, signal }, asked);
    return new Message().message(3, new Message().map(10, metadata));
  }
  const id = solve.ask(asked);
  const result = new Message();
  if (request.number(6) === 0n) result.text(1, id);
  else result.message(3, new Message().text(1, id));
  return new Message().message(3, result);
}

function giveBack(solve: Solve, request: ReadMessage): Message {
  const [error] = request.messages(2);
  if (error !== undefined && error.number(1) !== 0n) {
    solve.fail(new EngineError('invalid', error.text(2)));
    return new Message();
  }
  const [result] = request.messages(1);
  solve.return(result?.messages(3)[0]?.text(1) ?? result?.text(1) ?? '');
  return new Message();
}
