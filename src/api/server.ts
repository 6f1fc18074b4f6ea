import type { IncomingMessage } from 'node:http';
import { EngineError } from '../errors.ts';
import { VERSION } from '../host/version.ts';
import { jsonBody } from './http/body.ts';
import type { Call, Service } from './http/call.ts';
import { Query } from './http/query.ts';
import { Reply } from './http/reply.ts';
import { type Method, Router } from './http/route.ts';
import { checkSender, type Reach } from './http/sender.ts';
import { errorAnswer } from './http/status.ts';
import { NEWEST_VERSION, splitVersion } from './http/version.ts';
import type { Headers, Wire } from './http/wire.ts';
import { ROUTES } from './routes.ts';
import { Turns } from './turns.ts';

/** The headers of every answer, by which clients know whom they speak to. */
const COMMON_HEADERS: Headers = {
  'Api-Version': `1.${NEWEST_VERSION}`,
  'Docker-Experimental': 'false',
  Ostype: 'linux',
  Server: `skiff/${VERSION} (linux)`,
};

const router = new Router(ROUTES);

/** Of those who change something, which takes ms of this process each: whoever only looks is answered between them. */
const turns = new Turns();

const LOOKING: readonly string[] = ['GET', 'HEAD'];

/** Answers one request of Docker's Engine API, whatever becomes of it. Never rejects. */
export async function answer(
  service: Service & Pick<Call, 'counts'>,
  request: IncomingMessage,
  wire: Wire,
  reach: Reach,
): Promise<void> {
  const reply = new Reply(wire, COMMON_HEADERS);
  try {
    checkSender(request, reach);
    if (!LOOKING.includes(request.method ?? '')) await turns.next();
    service.engine.renew();
    const { call, handle } = await prepare(service, request, wire, reply);
    await handle(call);
    if (!reply.begun) throw new Error(`${request.method} ${request.url} was not answered`);
  } catch (error) {
    if (!wire.gone.aborted) fail(service, reply, error);
  }
}

async function prepare(
  service: Service & Pick<Call, 'counts'>,
  request: IncomingMessage,
  wire: Wire,
  reply: Reply,
) {
  const { pathname, search } = splitTarget(request.url ?? '');
  const { version, rest } = splitVersion(pathname);
  const found = router.match(request.method ?? '', rest);
  if (Array.isArray(found)) throw notRouted(request.method ?? '', rest, found);
  const { route, path } = found;
  const call: Call = {
    ...service,
    version,
    path,
    query: new Query(search, route.query ?? {}, version),
    request,
    body: () => jsonBody(request),
    reply,
    signal: wire.gone,
  };
  return { call, handle: await route.load() };
}

/** Not by `URL`: that would take `..` out of the names in a path. */
function splitTarget(target: string): { pathname: string; search: URLSearchParams } {
  const origin = /^https?:\/\/[^/]*/i.exec(target)?.[0].length ?? 0;
  const [pathname = '', ...search] = target.slice(origin).split('?');
  return {
    pathname: (pathname || '/').replace(/(?<=.)\/$/, ''),
    search: new URLSearchParams(search.join('?')),
  };
}

/** Docker's answer, also to another method. */
function notRouted(method: string, path: string, methods: readonly Method[]): EngineError {
  const others = methods.length === 0 ? '' : ` for ${method}, but for ${methods.join(', ')}`;
  return new EngineError('notFound', `page not found: ${path}${others}`);
}

function fail({ warn }: Service, reply: Reply, error: unknown): void {
  const { status, body } = errorAnswer(error);
  if (status === 500) warn(error);
  if (reply.begun) reply.cut();
  else if (status === 304) reply.empty(304);
  else reply.json(body, { status });
}
