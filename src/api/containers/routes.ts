import type { Parameters } from '../http/parameter.ts';
import type { Handler, Route } from '../http/route.ts';

const lifecycle =
  (name: Exclude<keyof typeof import('./lifecycle.ts'), 'default'>) => async (): Promise<Handler> =>
    (await import('./lifecycle.ts'))[name];

const archive = (name: keyof typeof import('./archive.ts')) => async (): Promise<Handler> =>
  (await import('./archive.ts'))[name];

const ATTACH_QUERY: Parameters = {
  detachKeys: 'text',
  logs: 'flag',
  stream: 'flag',
  stdin: 'flag',
  stdout: 'flag',
  stderr: 'flag',
};

export const CONTAINER_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/containers/json',
    query: { all: 'flag', limit: 'number', size: 'flag', filters: 'filters' },
    load: async () => (await import('./list.ts')).listContainers,
  },
  {
    method: 'POST',
    path: '/containers/create',
    query: { name: 'text', platform: 'text' },
    differs: 'a container whose NetworkDisabled is true is on the network none, and is shown so',
    load: async () => (await import('./create.ts')).createContainer,
  },
  {
    method: 'GET',
    path: '/containers/{name}/json',
    query: { size: 'flag' },
    load: async () => (await import('./inspect.ts')).inspectContainer,
  },
  {
    method: 'GET',
    path: '/containers/{name}/top',
    query: { ps_args: 'text' },
    load: async () => (await import('./look.ts')).containerTop,
  },
  {
    method: 'GET',
    path: '/containers/{name}/changes',
    load: async () => (await import('./look.ts')).containerChanges,
  },
  {
    method: 'GET',
    path: '/containers/{name}/stats',
    query: { stream: 'flag', 'one-shot': { type: 'flag', since: 41 } },
    load: async () => (await import('./stats.ts')).containerStats,
  },
  { method: 'GET', path: '/containers/{name}/export', load: archive('exportContainer') },
  {
    method: 'GET',
    path: '/containers/{name}/archive',
    query: { path: 'text' },
    load: archive('readArchive'),
  },
  {
    method: 'HEAD',
    path: '/containers/{name}/archive',
    query: { path: 'text' },
    load: archive('lookAtFile'),
  },
  {
    method: 'PUT',
    path: '/containers/{name}/archive',
    query: {
      path: 'text',
      noOverwriteDirNonDir: {
        type: 'flag',
        differs: 'always so: a directory never takes the place of a file, nor a file that of a directory',
      },
      copyUIDGID: { type: 'flag', differs: 'owners are always those of the archive' },
    },
    load: archive('writeArchive'),
  },
  {
    method: 'POST',
    path: '/containers/{name}/update',
    differs:
      'limits of devices, swappiness and what else Docker passes over is refused, unless it is so anyway',
    load: async () => (await import('./update.ts')).updateContainer,
  },
  {
    method: 'POST',
    path: '/containers/prune',
    query: { filters: 'filters' },
    load: lifecycle('pruneContainers'),
  },
  {
    method: 'GET',
    path: '/containers/{name}/logs',
    query: {
      follow: 'flag',
      stdout: 'flag',
      stderr: 'flag',
      since: 'text',
      until: 'text',
      timestamps: 'flag',
      details: 'flag',
      tail: 'text',
    },
    load: async () => (await import('./logs.ts')).containerLogs,
  },
  {
    method: 'POST',
    path: '/containers/{name}/attach',
    query: ATTACH_QUERY,
    load: async () => (await import('./attach.ts')).attachContainer,
  },
  {
    method: 'GET',
    path: '/containers/{name}/attach/ws',
    query: ATTACH_QUERY,
    load: async () => (await import('./attach.ts')).attachByWebSocket,
  },
  {
    method: 'POST',
    path: '/containers/{name}/wait',
    query: { condition: { type: 'text', since: 30 } },
    load: async () => (await import('./wait.ts')).waitContainer,
  },
  {
    method: 'POST',
    path: '/containers/{name}/resize',
    query: { h: 'number', w: 'number' },
    differs: 'a container without a terminal has nothing to resize: 409',
    load: async () => (await import('./resize.ts')).resizeContainer,
  },
  {
    method: 'POST',
    path: '/containers/{name}/start',
    query: {
      detachKeys: { type: 'text', differs: 'those of the client who attaches count' },
      checkpoint: { type: 'text', refused: 'there are no checkpoints' },
      'checkpoint-dir': { type: 'text', refused: 'there are no checkpoints' },
    },
    load: lifecycle('startContainer'),
  },
  {
    method: 'POST',
    path: '/containers/{name}/stop',
    query: { signal: { type: 'text', since: 42 }, t: 'number' },
    load: lifecycle('stopContainer'),
  },
  {
    method: 'POST',
    path: '/containers/{name}/restart',
    query: { signal: { type: 'text', since: 42 }, t: 'number' },
    load: lifecycle('restartContainer'),
  },
  {
    method: 'POST',
    path: '/containers/{name}/kill',
    query: { signal: 'text' },
    load: lifecycle('killContainer'),
  },
  { method: 'POST', path: '/containers/{name}/pause', load: lifecycle('pauseContainer') },
  { method: 'POST', path: '/containers/{name}/unpause', load: lifecycle('unpauseContainer') },
  {
    method: 'POST',
    path: '/containers/{name}/rename',
    query: { name: 'text' },
    load: lifecycle('renameContainer'),
  },
  {
    method: 'DELETE',
    path: '/containers/{name}',
    query: { v: 'flag', force: 'flag', link: { type: 'flag', refused: 'links have no names of their own' } },
    load: lifecycle('removeContainer'),
  },
];
