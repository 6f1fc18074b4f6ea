import type { Handler, Route } from '../http/route.ts';

const images = (name: keyof typeof import('./images.ts')) => async (): Promise<Handler> =>
  (await import('./images.ts'))[name];
const transfer = (name: keyof typeof import('./transfer.ts')) => async (): Promise<Handler> =>
  (await import('./transfer.ts'))[name];

export const IMAGE_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/images/json',
    query: {
      all: { type: 'flag', differs: 'there are no images of the steps of builds to show besides' },
      filters: 'filters',
      filter: {
        type: 'text',
        before: 41,
        differs: 'only with versions before 1.41, as with Docker: `reference` of filters',
      },
      'shared-size': { type: 'flag', since: 42 },
      digests: { type: 'flag', differs: 'digests are always told' },
      manifests: { type: 'flag', since: 47 },
    },
    load: images('listImages'),
  },
  {
    method: 'POST',
    path: '/images/create',
    query: {
      fromImage: 'text',
      fromSrc: 'text',
      repo: 'text',
      tag: 'text',
      message: 'text',
      changes: 'list',
      platform: { type: 'text', since: 32 },
    },
    headers: ['X-Registry-Auth'],
    load: async () => (await import('./create.ts')).createImage,
  },
  {
    method: 'GET',
    path: '/images/search',
    query: { term: 'text', limit: 'number', filters: 'filters' },
    load: images('searchImages'),
  },
  { method: 'POST', path: '/images/prune', query: { filters: 'filters' }, load: images('pruneImages') },
  {
    method: 'GET',
    path: '/images/get',
    query: { names: 'list', platform: { type: 'json', since: 48 } },
    load: transfer('saveImages'),
  },
  {
    method: 'POST',
    path: '/images/load',
    query: { quiet: 'flag', platform: { type: 'json', since: 48 } },
    load: transfer('loadImages'),
  },
  {
    method: 'GET',
    path: '/images/{name...}/json',
    query: { manifests: { type: 'flag', since: 48 }, platform: { type: 'json', since: 49 } },
    differs: 'ContainerConfig, which Docker has given up, is what a container of the image has: its Config',
    load: images('inspectImage'),
  },
  {
    method: 'GET',
    path: '/images/{name...}/history',
    query: { platform: { type: 'json', since: 48 } },
    load: images('imageHistory'),
  },
  {
    method: 'GET',
    path: '/images/{name...}/get',
    query: { platform: { type: 'json', since: 48 } },
    load: transfer('saveImage'),
  },
  {
    method: 'POST',
    path: '/images/{name...}/push',
    query: { tag: 'text', platform: { type: 'json', since: 46 } },
    headers: ['X-Registry-Auth'],
    load: transfer('pushImage'),
  },
  {
    method: 'POST',
    path: '/images/{name...}/tag',
    query: {
      repo: 'text',
      tag: 'text',
      force: {
        type: 'flag',
        differs: 'a name that another image has goes over to this one, also without it',
      },
    },
    load: images('tagImage'),
  },
  {
    method: 'DELETE',
    path: '/images/{name...}',
    query: {
      force: 'flag',
      noprune: { type: 'flag', differs: 'an image has no parents that would go with it' },
      platforms: { type: 'list', since: 50, refused: 'an index is removed as a whole' },
    },
    load: images('removeImage'),
  },
  {
    method: 'POST',
    path: '/commit',
    query: {
      container: 'text',
      repo: 'text',
      tag: 'text',
      comment: 'text',
      author: 'text',
      pause: 'flag',
      changes: 'list',
    },
    differs: 'what of a ContainerConfig is of containers alone, as `Hostname` and `Tty`, is not in the image',
    load: async () => (await import('./commit.ts')).commitContainer,
  },
  {
    method: 'GET',
    path: '/distribution/{name...}/json',
    headers: ['X-Registry-Auth'],
    load: async () => (await import('./distribution.ts')).inspectDistribution,
  },
];
