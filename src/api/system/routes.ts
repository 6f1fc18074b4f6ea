import type { Route } from '../http/route.ts';

const ping = async () => (await import('./ping.ts')).ping;

export const SYSTEM_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/_ping', load: ping },
  { method: 'HEAD', path: '/_ping', load: ping },
  { method: 'GET', path: '/version', load: async () => (await import('./version.ts')).version },
  {
    method: 'GET',
    path: '/info',
    differs: 'no warning of forwarding that is off: a container that needs it switches it on',
    load: async () => (await import('./info.ts')).systemInfo,
  },
  {
    method: 'GET',
    path: '/events',
    query: { since: 'text', until: 'text', filters: 'filters' },
    load: async () => (await import('./events.ts')).events,
  },
  { method: 'POST', path: '/auth', load: async () => (await import('./auth.ts')).checkAuth },
  {
    method: 'GET',
    path: '/system/df',
    query: { type: { type: 'list', since: 42 } },
    load: async () => (await import('./df.ts')).diskUsage,
  },
];
