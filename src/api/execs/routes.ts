import type { Route } from '../http/route.ts';

export const EXEC_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/containers/{name}/exec',
    load: async () => (await import('./create.ts')).createExec,
  },
  { method: 'POST', path: '/exec/{id}/start', load: async () => (await import('./start.ts')).startExec },
  {
    method: 'POST',
    path: '/exec/{id}/resize',
    query: { h: 'number', w: 'number' },
    differs: 'only of a process that was started through this very service, for as long as that runs',
    load: async () => (await import('./start.ts')).resizeExec,
  },
  { method: 'GET', path: '/exec/{id}/json', load: async () => (await import('./inspect.ts')).inspectExec },
];
