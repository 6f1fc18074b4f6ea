import { describe, expect, it } from 'vitest';
import { type Method, type Route, Router } from '../../../../src/api/http/route.ts';
import { ROUTES } from '../../../../src/api/routes.ts';

const router = new Router(ROUTES);

/** The route that is found, and what its path names. */
function found(request: string): [string, Readonly<Record<string, string>>] | Method[] {
  const [method = '', path = ''] = request.split(' ');
  const match = router.match(method, path);
  return Array.isArray(match) ? match : [match.route.path, match.path];
}

describe('the route of a request', () => {
  it.each<[string, string, Record<string, string>]>([
    ['GET /containers/json', '/containers/json', {}],
    ['GET /containers/web/json', '/containers/{name}/json', { name: 'web' }],
    ['GET /containers/json/json', '/containers/{name}/json', { name: 'json' }],
    ['GET /containers/%2Fweb/json', '/containers/{name}/json', { name: '/web' }],
    ['GET /containers/../json', '/containers/{name}/json', { name: '..' }],
    ['GET /containers/%2e%2e%2fetc/json', '/containers/{name}/json', { name: '../etc' }],
    ['GET /containers/a%20b%00c/json', '/containers/{name}/json', { name: 'a b\0c' }],
    ['GET /containers/a%zzb/json', '/containers/{name}/json', { name: 'a%zzb' }],
    ['GET /containers/%C3%28/json', '/containers/{name}/json', { name: '%C3%28' }],
    ['POST /containers/create', '/containers/create', {}],
    ['POST /containers/create/start', '/containers/{name}/start', { name: 'create' }],
    ['DELETE /containers/prune', '/containers/{name}', { name: 'prune' }],
    ['GET /images/json', '/images/json', {}],
    ['GET /images/get', '/images/get', {}],
    ['GET /images/search', '/images/search', {}],
    ['GET /images/get/get', '/images/{name...}/get', { name: 'get' }],
    ['GET /images/json/json', '/images/{name...}/json', { name: 'json' }],
    ['GET /images/a/json/json', '/images/{name...}/json', { name: 'a/json' }],
    ['GET /images/a/get/json', '/images/{name...}/json', { name: 'a/get' }],
    ['GET /images/a/json/history', '/images/{name...}/history', { name: 'a/json' }],
    ['GET /images/localhost:5000/a/b:1.0/json', '/images/{name...}/json', { name: 'localhost:5000/a/b:1.0' }],
    ['GET /images/localhost:5000%2Fa/json', '/images/{name...}/json', { name: 'localhost:5000/a' }],
    ['GET /images/a@sha256:0/json', '/images/{name...}/json', { name: 'a@sha256:0' }],
    ['POST /images/load/tag', '/images/{name...}/tag', { name: 'load' }],
    ['DELETE /images/a/b', '/images/{name...}', { name: 'a/b' }],
    ['DELETE /images/json', '/images/{name...}', { name: 'json' }],
    ['GET /distribution/a/b/json', '/distribution/{name...}/json', { name: 'a/b' }],
    ['POST /networks/create', '/networks/create', {}],
    ['GET /networks/create', '/networks/{id}', { id: 'create' }],
    ['POST /networks/prune/connect', '/networks/{id}/connect', { id: 'prune' }],
    ['GET /volumes/create', '/volumes/{name}', { name: 'create' }],
    ['GET /plugins/a/b:c/json', '/plugins/{name...}/json', { name: 'a/b:c' }],
  ])('of %s is %s', (request, path, names) => {
    expect(found(request)).toEqual([path, names]);
  });

  it.each([
    'GET /',
    'GET /nothing',
    'GET /containers',
    'GET /containers/',
    'GET /containers//json',
    'POST /containers//start',
    'DELETE /containers/',
    'DELETE /containers/a/b',
    'GET /containers/a/b/json',
    'DELETE /images/',
    'GET //info',
    'GET /info/',
    'GET /xinfo',
    'GET /v1.41',
    'GET *',
  ])('is none of %s', (request) => {
    expect(found(request)).toEqual([]);
  });

  it('is none for another method, of which those that there are are told', () => {
    expect(found('PUT /networks/web')).toEqual(['GET', 'DELETE']);
    expect(found('get /info')).toEqual(['GET']);
    expect(found('HEAD /info')).toEqual(['GET']);
  });

  it('is the first in the table: no name hides a word', () => {
    const shadowed = ROUTES.filter((route) => {
      const match = router.match(route.method, route.path.replaceAll('...', ''));
      return Array.isArray(match) || match.route !== route;
    });
    expect(shadowed).toEqual([]);
  });

  it('has dots and other signs of its path as they are', () => {
    const only: Route[] = [{ method: 'GET', path: '/a.b/{x}.json', load: async () => async () => {} }];
    expect(new Router(only).match('GET', '/a.b/c.json')).toMatchObject({ path: { x: 'c' } });
    expect(new Router(only).match('GET', '/a-b/c.json')).toEqual([]);
  });
});
