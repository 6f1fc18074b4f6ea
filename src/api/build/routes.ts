import type { Handler, Route } from '../http/route.ts';

export const BUILD_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/build',
    query: {
      dockerfile: 'text',
      t: 'list',
      extrahosts: 'list',
      remote: 'text',
      buildid: 'text',
      q: 'flag',
      nocache: 'flag',
      cachefrom: {
        type: 'json',
        differs: "it is asked for at its registry, besides the store's own cache",
      },
      pull: 'flag',
      rm: { type: 'flag', differs: 'the containers of steps are always removed' },
      forcerm: { type: 'flag', differs: 'the containers of steps are always removed' },
      memory: 'number',
      memswap: 'number',
      cpushares: 'number',
      cpusetcpus: 'text',
      cpusetmems: 'text',
      cpuperiod: 'number',
      cpuquota: 'number',
      cgroupparent: 'text',
      ulimits: 'json',
      buildargs: 'json',
      shmsize: 'number',
      squash: 'flag',
      labels: 'json',
      networkmode: 'text',
      platform: { type: 'text', since: 32 },
      target: 'text',
      outputs: { type: 'text', since: 40, refused: 'what is built is an image of this store', unless: '[]' },
      isolation: { type: 'text', refused: 'it is for Windows', unless: 'default' },
      securityopt: { type: 'text', refused: 'steps have the isolation of containers', unless: 'null' },
      session: {
        type: 'text',
        differs: 'of the client it is asked for files and for who it is to registries',
      },
      version: {
        type: 'text',
        differs:
          'with 2 the same is built, and told in the lines of BuildKit; without it in those of the classic builder',
      },
    },
    differs:
      'there are no images of steps: their lines have no ids; stages are built side by side, and a step says its name again when others come between',
    headers: ['X-Registry-Config'],
    load: async (): Promise<Handler> => (await import('./build.ts')).build,
  },
  {
    method: 'POST',
    path: '/build/prune',
    query: {
      'keep-storage': 'number',
      'reserved-space': { type: 'number', since: 48 },
      'max-used-space': { type: 'number', since: 48 },
      'min-free-space': { type: 'number', since: 48 },
      all: 'flag',
      filters: { type: 'filters', differs: '`id` is a part of one, and there is no `parent`' },
    },
    load: async (): Promise<Handler> => (await import('./prune.ts')).pruneBuildCache,
  },
  {
    method: 'POST',
    path: '/build/cancel',
    query: { id: 'text' },
    load: async () => (await import('./sessions.ts')).cancelBuild,
  },
  { method: 'POST', path: '/session', load: async () => (await import('./sessions.ts')).openSession },
  {
    method: 'POST',
    path: '/grpc',
    differs:
      "of BuildKit's API that which buildx and Compose build Dockerfiles with: Control's Solve, Status, DiskUsage, Prune, ListWorkers and Info, and LLBBridge's Ping, Solve and Return",
    load: async () => (await import('./sessions.ts')).openControl,
  },
];
