import { EngineError } from '../../errors.ts';
import type { Call } from '../http/call.ts';
import type { Handler, Method, Route } from '../http/route.ts';

/** `docker inspect NAME` goes on to other kinds of objects only after Docker's own sentence. */
const NO_MANAGER = 'This node is not a swarm manager.';
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
  return refused.map(([method, path]) => route(method, path, NO_SWARM, noManager));
}

function ofSwarm(kind: string): Route[] {
  const paths: [Method, string][] = [
    ['GET', `/${kind}`],
    ['POST', `/${kind}/create`],
    ['GET', `/${kind}/{id}`],
    ['DELETE', `/${kind}/{id}`],
    ['POST', `/${kind}/{id}/update`],
    ['GET', `/${kind}/{id}/logs`],
  ];
  return paths.map(([method, path]) => route(method, path, NO_SWARM, noManager));
}

function plugins(): Route[] {
  const general: [Method, string][] = [
    ['GET', '/plugins/privileges'],
    ['POST', '/plugins/pull'],
    ['POST', '/plugins/create'],
  ];
  const ofOne: [Method, string][] = [
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
    ...general.map(([method, path]) => route(method, path, NO_PLUGINS, noPlugins)),
    ...ofOne.map(([method, path]) => route(method, path, NO_PLUGINS, noSuchPlugin)),
  ];
}

function route(method: Method, path: string, why: string, handler: Handler): Route {
  return { method, path, differs: `always refused: ${why}`, load: async () => handler };
}

/** What Docker's nodes answer that are in no swarm. */
async function noManager({ request }: Call): Promise<never> {
  throw new EngineError('unavailable', NO_MANAGER, { hint: `${asked(request)}: ${NO_SWARM}` });
}

async function noPlugins({ request }: Call): Promise<never> {
  throw new EngineError('unavailable', `${asked(request)}: ${NO_PLUGINS}`);
}

async function noSuchPlugin({ path }: Call): Promise<never> {
  const { name = '' } = path;
  throw new EngineError('notFound', `plugin "${name}" not found`, { subject: name, hint: NO_PLUGINS });
}

function asked({ method, url }: Call['request']): string {
  return `${method} ${url?.split('?')[0]}`;
}
