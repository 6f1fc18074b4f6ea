import type { Route } from '../http/route.ts';

const ping = async () => (await import('./ping.ts')).ping;

export const SYSTEM_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/_ping', load: ping },
  { method: 'HEAD', path: '/_ping', load: ping },
  { method: 'GET', path: '/version', load: async () => (await import('./version.ts')).version },
];
