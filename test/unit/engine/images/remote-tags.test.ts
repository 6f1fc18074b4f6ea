import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { remoteTags } from '../../../../src/engine/images/remote-tags.ts';
import { RegistryRequests } from '../../../../src/registry/requests.ts';
import {
  type Fault,
  faults,
  type HostileRegistry,
  startHostileRegistry,
} from '../../../helpers/hostile-registry.ts';

let registry: HostileRegistry;
beforeEach(async () => {
  registry = await startHostileRegistry();
});
afterEach(() => registry.stop());

const says =
  (document: unknown, headers: Record<string, string> = {}): Fault =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(document));
  };

async function tagsOf(name: string) {
  const retry = { attempts: 1, firstPause: 1, longestPause: 1 };
  const requests = new RegistryRequests({
    insecure: [],
    userAgent: 'test',
    certificateDirectories: [],
    retry,
  });
  return await remoteTags(`${registry.host}/${name}`, {}, requests);
}

describe('the tags of a repository', () => {
  it('are on all pages that the registry has, in its order', async () => {
    registry.misbehave(/last=b/, says({ name: 'team/app', tags: ['a'] }));
    registry.misbehave(/tags/, says({ tags: ['c', 'b'] }, { link: '<?n=2&last=b>; rel="next"' }));
    const repository = `${registry.host}/team/app`;
    expect(await tagsOf('team/app')).toEqual({
      repository,
      path: 'team/app',
      tags: ['c', 'b', 'a'].map((tag) => ({ tag, name: `${repository}:${tag}` })),
    });
    expect(registry.requests).toEqual([
      'GET /v2/team/app/tags/list',
      'GET /v2/team/app/tags/list?n=2&last=b',
    ]);
  });

  it.each([
    ['null', says({ tags: null }), 'has no tags'],
    ['no list', says({ tags: 'all' }), 'not the list that it was asked for'],
    ['a page for people', faults.html(), 'not the list that it was asked for'],
    ['no tag but a digest', says({ tags: [`x@sha256:${'0'.repeat(64)}`] }), 'is not a tag'],
    ['no tag at all', says({ tags: ['../x'] }), 'is not valid'],
    ['a circle', says({ tags: ['a'] }, { link: '<list>; rel="next"' }), 'does not end'],
    ['nothing', faults.status(404), 'not found in registry'],
  ])('cannot be %s', async (_, fault, message) => {
    registry.misbehave(/tags/, fault);
    await expect(tagsOf('app')).rejects.toThrow(message);
  });

  it('are not asked for where a tag is named', async () => {
    for (const name of ['app:1', `app@sha256:${'0'.repeat(64)}`])
      await expect(tagsOf(name)).rejects.toThrow('is one image');
    expect(registry.requests).toEqual([]);
  });
});
