import type { Route } from './http/route.ts';

/** Every endpoint of Docker's Engine API that there is. */
export const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/_ping', load: async () => (await import('./system/ping.ts')).ping },
  { method: 'HEAD', path: '/_ping', load: async () => (await import('./system/ping.ts')).ping },
  { method: 'GET', path: '/version', load: async () => (await import('./system/version.ts')).version },
  {
    method: 'GET',
    path: '/containers/{name}/json',
    query: { size: 'flag' },
    load: async () => (await import('./containers/inspect.ts')).inspectContainer,
  },
];
