import { EngineError } from '../../errors.ts';
import type { Call } from '../http/call.ts';
import type { Handler, Method, Route } from '../http/route.ts';

const NO_SWARM = 'there is no swarm: what runs here is of this host alone';
const NO_PLUGINS = 'there are no plugins';

/** The endpoints of Docker that are about what skiff has not, answered as a Docker answers that has none of it. */
export const ABSENT_ROUTES: readonly Route[] = [
  ...swarm(),
  ...['services', 'nodes', 'tasks', 'secrets', 'configs'].flatMap(ofSwarm),
  ...plugins(),
];

/** As a node that is in no swarm. */
function swarm(): Route[] {
  const refused: [Method, string][] = [
    ['GET', '/swarm'],
    ['POST', '/swarm/init'],
    ['POST', '/swarm/join'],
    ['POST', '/swarm/leave'],
    ['POST', '/swarm/update'],
    ['GET', '/swarm/unlockkey'],
    ['POST', '/swarm/unlock'],
  ];
  return refused.map(([method, path]) => route(method, path, NO_SWARM, refusal(NO_SWARM)));
}

function ofSwarm(kind: string): Route[] {
  const handler = refusal(NO_SWARM);
  const paths: [Method, string][] = [
    ['GET', `/${kind}`],
    ['POST', `/${kind}/create`],
    ['GET', `/${kind}/{id}`],
    ['DELETE', `/${kind}/{id}`],
    ['POST', `/${kind}/{id}/update`],
    ['GET', `/${kind}/{id}/logs`],
  ];
  return paths.map(([method, path]) => route(method, path, NO_SWARM, handler));
}

function plugins(): Route[] {
  const handler = refusal(NO_PLUGINS);
  const paths: [Method, string][] = [
    ['GET', '/plugins/privileges'],
    ['POST', '/plugins/pull'],
    ['POST', '/plugins/create'],
    ['GET', '/plugins/{name...}/json'],
    ['POST', '/plugins/{name...}/enable'],
    ['POST', '/plugins/{name...}/disable'],
    ['POST', '/plugins/{name...}/upgrade'],
    ['POST', '/plugins/{name...}/push'],
    ['POST', '/plugins/{name...}/set'],
    ['DELETE', '/plugins/{name...}'],
  ];
  return [
    {
      method: 'GET',
      path: '/plugins',
      query: { filters: 'filters' },
      differs: 'the list is always empty',
      load:
        async () =>
        async ({ reply }) =>
          reply.json([]),
    },
    ...paths.map(([method, path]) => route(method, path, NO_PLUGINS, handler)),
  ];
}

function route(method: Method, path: string, why: string, handler: Handler): Route {
  return { method, path, differs: `always refused: ${why}`, load: async () => handler };
}

/** 503, what Docker's nodes answer that are in no swarm. */
function refusal(why: string): Handler {
  return async ({ request }: Call) => {
    throw new EngineError('unavailable', `${request.method} ${request.url?.split('?')[0]}: ${why}`);
  };
}
