import type { Handler, Route } from '../http/route.ts';

type Handlers = typeof import('./networks.ts');

const networks = (name: keyof Handlers) => async (): Promise<Handler> =>
  (await import('./networks.ts'))[name];

export const NETWORK_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/networks', query: { filters: 'filters' }, load: networks('listNetworks') },
  {
    method: 'GET',
    path: '/networks/{id}',
    query: {
      verbose: { type: 'flag', differs: 'there is no more to tell without a swarm' },
      scope: { type: 'text', refused: 'all networks are of this host', unless: 'local' },
    },
    load: networks('inspectNetwork'),
  },
  {
    method: 'POST',
    path: '/networks/create',
    differs:
      'two networks never have one name: `CheckDuplicate` holds always; `Attachable` is so of all, and shown as it was said; `ConfigOnly` and `ConfigFrom`, options of IPAM, and options that the driver does not have are refused',
    load: networks('createNetwork'),
  },
  { method: 'POST', path: '/networks/prune', query: { filters: 'filters' }, load: networks('pruneNetworks') },
  {
    method: 'POST',
    path: '/networks/{id}/connect',
    differs:
      'what inspect tells of an endpoint besides what is asked for, as `IPAddress`, is not looked at, `NetworkID` neither; `LinkLocalIPs` are refused',
    load: networks('connectContainer'),
  },
  { method: 'POST', path: '/networks/{id}/disconnect', load: networks('disconnectContainer') },
  { method: 'DELETE', path: '/networks/{id}', load: networks('removeNetwork') },
];
