import { describe, expect, it } from 'vitest';
import { ABSENT_ROUTES } from '../../../../src/api/absent/routes.ts';
import type { Call } from '../../../../src/api/http/call.ts';
import { Router } from '../../../../src/api/http/route.ts';

const router = new Router(ABSENT_ROUTES);

async function asked(method: string, path: string): Promise<unknown> {
  const found = router.match(method, path);
  if (Array.isArray(found)) throw new Error(`there is no ${method} ${path}`);
  const handle = await found.route.load();
  return await handle({ path: found.path, request: { method, url: path } } as Call).catch((error) => error);
}

describe('what there is not', () => {
  it.each(['/services/x', '/tasks/x', '/nodes/x', '/secrets/x', '/configs/x', '/swarm'])(
    'GET %s is answered as by a node in no swarm, in the words that `docker inspect` passes over',
    async (path) => {
      expect(await asked('GET', path)).toMatchObject({
        kind: 'unavailable',
        message: 'This node is not a swarm manager.',
        hint: expect.stringContaining(`GET ${path}: there is no swarm`),
      });
    },
  );

  it('is a plugin: none of any name is found, and none can be had', async () => {
    expect(await asked('GET', '/plugins/a/b:latest/json')).toMatchObject({
      kind: 'notFound',
      message: 'plugin "a/b:latest" not found',
    });
    expect(await asked('POST', '/plugins/pull')).toMatchObject({ kind: 'unavailable' });
  });
});
