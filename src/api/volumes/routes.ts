import type { Handler, Route } from '../http/route.ts';

type Handlers = typeof import('./volumes.ts');

const volumes = (name: keyof Handlers) => async (): Promise<Handler> => (await import('./volumes.ts'))[name];

export const VOLUME_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/volumes', query: { filters: 'filters' }, load: volumes('listVolumes') },
  {
    method: 'POST',
    path: '/volumes/create',
    differs:
      'one that is there with other options or labels than those that are asked for is a conflict (409), where Docker answers with it as it is',
    load: volumes('createVolume'),
  },
  { method: 'POST', path: '/volumes/prune', query: { filters: 'filters' }, load: volumes('pruneVolumes') },
  { method: 'GET', path: '/volumes/{name}', load: volumes('inspectVolume') },
  {
    method: 'PUT',
    path: '/volumes/{name}',
    refused: 'volumes of a swarm alone can be changed, and there is no swarm',
    load: volumes('updateVolume'),
  },
  {
    method: 'DELETE',
    path: '/volumes/{name}',
    query: {
      force: { type: 'flag', differs: 'a volume that is not there is removed, with it; nothing else' },
    },
    load: volumes('removeVolume'),
  },
];
