import { EngineError } from '../../errors.ts';
import type { Call } from '../http/call.ts';
import type { Handler, Method, Route } from '../http/route.ts';

/** `docker inspect NAME` goes on to other kinds of objects only after Docker's own sentence. */
const NO_MANAGER = 'This node is not a swarm manager.';
const NO_SWARM = 'there is no swarm: what runs here is of this host alone';
const NO_PLUGINS = 'there are no plugins';

/** The endpoints of Docker that are about what skiff has not, answered as a Docker answers that has none of it. */
export const ABSENT_ROUTES: readonly Route[] = [
  ...refused(NO_SWARM, noManager, [
    'GET /swarm',
    'POST /swarm/init',
    'POST /swarm/join',
    'POST /swarm/leave',
    'POST /swarm/update',
    'GET /swarm/unlockkey',
    'POST /swarm/unlock',
    'GET /services',
    'POST /services/create',
    'GET /services/{id}',
    'DELETE /services/{id}',
    'POST /services/{id}/update',
    'GET /services/{id}/logs',
    'GET /tasks',
    'GET /tasks/{id}',
    'GET /tasks/{id}/logs',
    'GET /nodes',
    'GET /nodes/{id}',
    'DELETE /nodes/{id}',
    'POST /nodes/{id}/update',
    ...['secrets', 'configs'].flatMap((kind) => [
      `GET /${kind}`,
      `POST /${kind}/create`,
      `GET /${kind}/{id}`,
      `DELETE /${kind}/{id}`,
      `POST /${kind}/{id}/update`,
    ]),
  ]),
  {
    method: 'GET',
    path: '/plugins',
    query: { filters: { type: 'filters', differs: 'the list is always empty' } },
    load:
      async () =>
      async ({ reply }) =>
        reply.json([]),
  },
  ...refused(NO_PLUGINS, noPlugins, [
    'GET /plugins/privileges',
    'POST /plugins/pull',
    'POST /plugins/create',
  ]),
  ...refused(NO_PLUGINS, noSuchPlugin, [
    'GET /plugins/{name...}/json',
    'POST /plugins/{name...}/enable',
    'POST /plugins/{name...}/disable',
    'POST /plugins/{name...}/upgrade',
    'POST /plugins/{name...}/push',
    'POST /plugins/{name...}/set',
    'DELETE /plugins/{name...}',
  ]),
];

function refused(why: string, handler: Handler, endpoints: readonly string[]): Route[] {
  return endpoints.map((endpoint) => {
    const [method, path = ''] = endpoint.split(' ');
    return { method: method as Method, path, refused: why, load: async () => handler };
  });
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
