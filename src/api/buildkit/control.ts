import { EngineError } from '../../errors.ts';
import type { Call } from '../http/call.ts';
import type { GrpcMethod } from '../http/grpc-server.ts';
import { Meetings } from '../http/meetings.ts';
import { bridgeMethods } from './bridge.ts';
import { pruneCache, tellUsage } from './cache-records.ts';
import { performSolve } from './perform-solve.ts';
import { Message, ReadMessage } from './protobuf.ts';
import { openInnerSession } from './session.ts';
import { Solve } from './solve.ts';
import { buildkitVersion, worker } from './worker.ts';

const SERVICE = '/moby.buildkit.v1.Control';

/**
 * The methods of BuildKit's API by which buildx and Compose build and care for the cache of builds (buildkit, api/services/control/control.proto). `call` is the
 * one that has opened the connection.
 */
export function controlMethods({
  engine,
  connections,
  counts,
}: Pick<Call, 'engine' | 'connections' | 'counts'>): ReadonlyMap<string, GrpcMethod> {
  const { sessions } = connections;
  // All calls of a build come by one connection.
  const solves = new Meetings<Solve>();
  const methods: [string, GrpcMethod][] = [
    [`${SERVICE}/ListWorkers`, async () => new Message().message(1, worker()).encoded()],
    [`${SERVICE}/Info`, async () => new Message().message(1, buildkitVersion()).encoded()],
    [
      `${SERVICE}/Solve`,
      async (call) => {
        const request = new ReadMessage(await call.message());
        const solve = new Solve(request.text(5));
        const { promise: over, resolve: end } = Promise.withResolvers<void>();
        solves.bring(request.text(1), solve, over);
        try {
          return await performSolve({ engine, sessions, signal: call.signal }, solve, request);
        } finally {
          solve.status.end();
          end();
        }
      },
    ],
    [
      `${SERVICE}/Status`,
      async (call) => {
        const solve = await solves.find(new ReadMessage(await call.message()).text(1));
        if (solve === undefined) return;
        for await (const response of solve.status.read(call.signal)) await call.send(response);
      },
    ],
    [`${SERVICE}/DiskUsage`, (call) => tellUsage(engine, call)],
    [`${SERVICE}/Prune`, (call) => pruneCache(engine, call)],
    [`${SERVICE}/ListenBuildHistory`, refuseHistory],
    [`${SERVICE}/UpdateBuildHistory`, refuseHistory],
    ...bridgeMethods({ engine, sessions, solves }),
  ];
  const session: GrpcMethod = (call) => openInnerSession(sessions, call);
  return new Map([...counted(methods, counts), [`${SERVICE}/Session`, session]]);
}

/** The service stays for these calls, and not for a client that makes none of them. */
export function counted(
  methods: readonly [string, GrpcMethod][],
  counts: Call['counts'],
): [string, GrpcMethod][] {
  let running = 0;
  counts(false);
  return methods.map(([name, method]) => [
    name,
    async (call) => {
      running += 1;
      counts(true);
      try {
        return await method(call);
      } finally {
        running -= 1;
        counts(running > 0);
      }
    },
  ]);
}

async function refuseHistory(): Promise<undefined> {
  throw new EngineError('unsupported', 'builds are not kept here: there is no history of them');
}
