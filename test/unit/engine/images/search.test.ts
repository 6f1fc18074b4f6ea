import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SearchImagesOptions, searchImages } from '../../../../src/engine/images/search.ts';
import { RegistryRequests } from '../../../../src/registry/requests.ts';
import {
  type Fault,
  faults,
  type HostileRegistry,
  startHostileRegistry,
} from '../../../helpers/hostile-registry.ts';
import { startHttpProxy } from '../../../helpers/http-proxy.ts';

let registry: HostileRegistry;
beforeEach(async () => {
  registry = await startHostileRegistry();
});
afterEach(() => registry.stop());

function requests(
  environment: Record<string, string> = {},
  credentials?: { username: string; password: string },
) {
  return new RegistryRequests({
    insecure: [],
    userAgent: 'test',
    certificateDirectories: [],
    retry: { attempts: 1, firstPause: 1, longestPause: 1 },
    environment,
    ...(credentials && { credentials: { find: async () => credentials } }),
  });
}

async function search(term: string, options: SearchImagesOptions = {}, by = requests()) {
  return await searchImages(`${registry.host}/${term}`, options, by);
}

/** Answers with a document. */
const says =
  (document: unknown, headers: Record<string, string> = {}): Fault =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.end(typeof document === 'string' ? document : JSON.stringify(document));
  };

const asked = () => registry.requests.filter((line) => line !== 'GET /v2/');
const nameOf = (name: string) => `${registry.host}/${name}`;

describe('a search by the first API', () => {
  const results = [
    { name: 'few', description: 'some', star_count: 3, is_official: true, is_automated: false },
    { name: 'many', description: null, star_count: 50, is_official: false, is_automated: true },
    { name: 'none' },
  ];
  beforeEach(() => registry.misbehave(/^\/v1\/search/, says({ num_results: 3, results })));

  it('has those with most stars in front, under names that can be pulled', async () => {
    const found = await search('a/b c', { limit: 7 });
    expect(asked()).toEqual(['GET /v1/search?q=a%2Fb+c&n=7']);
    expect(found).toEqual([
      { name: nameOf('many'), description: '', stars: 50, official: false, automated: true },
      { name: nameOf('few'), description: 'some', stars: 3, official: true, automated: false },
      { name: nameOf('none'), description: '', stars: 0, official: false, automated: false },
    ]);
  });

  it.each([
    [{ stars: ['10', '1'] }, ['many']],
    [{ 'is-official': ['true'] }, ['few']],
    [{ 'is-official': ['false'] }, ['many', 'none']],
    [{ 'is-automated': ['1'], stars: ['2'] }, ['many']],
  ])('is filtered by %j', async (filters, names) => {
    const found = await search('x', { filters: new Map(Object.entries(filters)) });
    expect(found.map(({ name }) => name)).toEqual(names.map(nameOf));
  });

  it('has no more than were asked for, whatever the registry sends', async () => {
    expect((await search('x', { limit: 1 })).map(({ name }) => name)).toEqual([nameOf('few')]);
  });

  it.each([
    [{ limit: 0 }, 'limit 0 is outside the range of [1, 100]'],
    [{ limit: 101 }, 'limit 101 is outside'],
    [{ limit: Number.NaN }, 'limit NaN is outside'],
    [{ filters: new Map([['star', ['1']]]) }, "invalid filter 'star'"],
    [{ filters: new Map([['stars', ['x']]]) }, "invalid filter 'stars=x'"],
    [{ filters: new Map([['is-official', ['maybe']]]) }, "invalid filter 'is-official=maybe'"],
  ])('asks nobody for %j', async (options, message) => {
    await expect(search('x', options)).rejects.toThrow(message);
    expect(registry.requests).toEqual([]);
  });
});

describe('a search in the catalogue', () => {
  it.each([
    ['knows no search', undefined],
    ['has a page for whatever it does not know', faults.html()],
    ['lets nobody ask', faults.status(403)],
  ])('is made where the registry %s, on all pages', async (_, fault) => {
    if (fault !== undefined) registry.misbehave(/^\/v1\//, fault);
    registry.misbehave(/last=b/, says({ repositories: ['team/app', 'x'] }));
    const next = '</v2/_catalog?last=b&n=2>; rel="next"';
    registry.misbehave(/_catalog/, says({ repositories: ['app', 'b'] }, { link: next }));
    expect((await search('APP')).map(({ name }) => name)).toEqual(['app', 'team/app'].map(nameOf));
    expect(asked().slice(1)).toEqual(['GET /v2/_catalog', 'GET /v2/_catalog?last=b&n=2']);
  });

  it('ends when enough was found', async () => {
    const link = '</v2/_catalog?last=b>; rel="next"';
    registry.misbehave(/_catalog/, says({ repositories: ['a', 'ab', 'b'] }, { link }));
    expect((await search('a', { limit: 1 })).map(({ name }) => name)).toEqual([nameOf('a')]);
    expect(asked()).toHaveLength(2);
  });

  it('ends when a page leads to itself, and when there is no end', async () => {
    registry.misbehave(
      /_catalog/,
      says({ repositories: [] }, { link: '</v2/_catalog?last=b>; rel="next"' }),
      3,
    );
    await expect(search('a')).rejects.toThrow('does not end');
    registry.forgive();
    let page = 0;
    registry.misbehave(/_catalog/, (...talk) => {
      says({ repositories: null }, { link: `</v2/_catalog?last=${page++}>; rel="next"` })(...talk);
    });
    await expect(search('a')).rejects.toThrow('does not end');
    expect(page).toBe(1000);
    // A thousand requests take long where others are at work.
  }, 60_000);

  it.each([
    ['is no list', says({ repositories: 'all' }), 'not the list that it was asked for'],
    ['is no JSON', faults.html(), 'not the list that it was asked for'],
    ['is endless', faults.endless(), 'larger than 4194304 bytes'],
    [
      'leads to what is no address',
      says({ repositories: [] }, { link: '<http://>; rel="next"' }),
      'bad redirect',
    ],
    ['is not there', faults.status(404), 'can neither search nor list'],
  ])('fails where that %s', async (_, fault, message) => {
    registry.misbehave(/_catalog/, fault);
    await expect(search('a')).rejects.toThrow(message);
  });

  it('asks the token server for the right to read it', async () => {
    registry.guard({ scheme: 'bearer', username: 'sailor', password: 'secret' });
    const by = requests({}, { username: 'sailor', password: 'secret' });
    await expect(search('a', {}, by)).rejects.toThrow('can neither search nor list');
    expect(registry.requests.find((line) => line.startsWith('GET /token'))).toContain(
      'scope=registry%3Acatalog%3A*',
    );
  });
});

describe('a search without a registry', () => {
  it.each(['nginx', 'docker.io/nginx', 'library/nginx', 'team/nginx'])(
    'asks Docker Hub for %s',
    async (term) => {
      const proxy = await startHttpProxy(registry.host);
      try {
        const by = requests({ HTTPS_PROXY: proxy.url });
        await expect(searchImages(term, {}, by)).rejects.toMatchObject({ kind: 'unavailable' });
        expect(proxy.requests).toEqual(['CONNECT index.docker.io:443']);
      } finally {
        await proxy.stop();
      }
    },
  );
});
