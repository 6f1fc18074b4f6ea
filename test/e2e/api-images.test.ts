import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { useService } from '../helpers/service.ts';
import { useStore } from '../helpers/skiff.ts';
import { tar } from '../helpers/tar.ts';

const USER = { name: 'sailor', password: 'se cret:1' };
const home = mkdtempSync(join(tmpdir(), 'skiff-api-home-'));
const store = useStore(() => ({ env: { HOME: home, XDG_RUNTIME_DIR: join(home, 'run') } }));
const busybox = useBusybox(store);
const service = useService(store);
let registry: TestRegistry;

beforeAll(async () => {
  registry = await startRegistry({ user: USER });
});
afterAll(async () => {
  await registry.stop();
  rmSync(home, { recursive: true, force: true });
});

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const credential = (password = USER.password) => ({ username: USER.name, password });
const shown = (password?: string) => ({ headers: { 'X-Registry-Auth': base64(credential(password)) } });

/** The lines of an answer, parsed. */
async function lines(method: string, path: string, options?: Parameters<typeof service.request>[2]) {
  const { status, text } = await service.request(method, path, options);
  return {
    status,
    lines: text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  };
}

describe('a private registry by the API', () => {
  it('is asked whether it takes a login, of which this machine keeps nothing', async () => {
    const auth = (password: string) =>
      service.request('POST', '/auth', {
        body: { ...credential(password), serveraddress: `http://${registry.host}/v1/` },
      });
    expect(await auth(USER.password)).toMatchObject({
      status: 200,
      json: { Status: 'Login Succeeded', IdentityToken: '' },
    });
    expect(await auth('wrong')).toMatchObject({
      status: 401,
      json: { message: expect.stringContaining('refused the credentials of sailor') },
    });
    expect(existsSync(join(home, '.docker')) || existsSync(join(home, 'run'))).toBe(false);
  });

  it('takes what a client pushes by its own name, gives it back, and nothing to others', async () => {
    const name = `${registry.host}/team/app`;
    await service.ok('POST', `/images/${busybox}/tag?repo=${name}&tag=1`);
    const pushed = await lines('POST', `/images/${name}/push?tag=1`, shown());
    const { aux } = pushed.lines.at(-1);
    expect([pushed.status, aux.Tag]).toEqual([200, '1']);
    expect(pushed.lines[0]).toEqual({ status: `The push refers to repository [${name}]` });
    await service.ok('DELETE', `/images/${name}:1`);
    for (const options of [shown('wrong'), { headers: { 'X-Registry-Auth': base64({}) } }])
      expect((await lines('POST', `/images/create?fromImage=${name}&tag=1`, options)).status).toBe(401);
    const { lines: pulled } = await lines('POST', `/images/create?fromImage=${name}&tag=1`, shown());
    expect(pulled[0]).toEqual({ status: 'Pulling from team/app', id: '1' });
    expect(pulled.at(-2)).toEqual({ status: `Digest: ${aux.Digest}` });
    const found = await service.ok('GET', `/distribution/${name}:1/json`, shown());
    expect(found.Descriptor.digest).toBe(aux.Digest);
    await service.ok('DELETE', `/images/${name}:1`);
  });

  it('gives a build its base when the client says who it is there', async () => {
    const content = `FROM ${registry.host}/team/app:1\nLABEL private=yes\n`;
    const body = tar({ name: 'Dockerfile', content });
    const build = (config: object) =>
      lines('POST', '/build?networkmode=none&pull=1&t=private', {
        body,
        headers: { 'X-Registry-Config': base64(config) },
      });
    expect((await build({})).lines.at(-1).error).toContain('wants a name and password');
    const { lines: built } = await build({ [`http://${registry.host}`]: credential() });
    expect(built.at(-1)).toEqual({ stream: 'Successfully tagged private:latest\n' });
  });
});

describe('images by the API', () => {
  it('are saved, and loaded as they are or compressed; what is no archive has a status', async () => {
    await service.ok('POST', `/images/${busybox}/tag?repo=saved&tag=1`);
    const { body } = await service.request('GET', '/images/get?names=saved:1&names=private');
    await service.ok('DELETE', '/images/saved:1');
    const loaded = await lines('POST', '/images/load?quiet=1', { body: gzipSync(body, { level: 1 }) });
    expect(loaded.lines).toEqual([
      { stream: 'Loaded image: saved:1\n' },
      { stream: 'Loaded image: private:latest\n' },
    ]);
    expect((await lines('POST', '/images/load', { body: Buffer.from('garbage') })).status).toBe(400);
  });

  it('are listed as the version has them, and chosen', async () => {
    const filters = (value: object) => `filters=${encodeURIComponent(JSON.stringify(value))}`;
    const found = await service.ok('GET', `/v1.43/images/json?${filters({ reference: ['saved'] })}`);
    expect(found).toEqual([expect.objectContaining({ RepoTags: ['saved:1'], VirtualSize: found[0].Size })]);
    const names = async (value: object) =>
      (await service.ok('GET', `/images/json?${filters(value)}`)).flatMap(
        ({ RepoTags }: { RepoTags: string[] }) => RepoTags,
      );
    // It has the time of its base, which is the epoch.
    expect(await names({ label: ['private=yes'], until: ['1'] })).toEqual(['private:latest']);
    expect(await names({ label: ['private=yes'], until: ['0'] })).toEqual([]);
    expect((await service.request('GET', `/images/json?${filters({ colour: ['a'] })}`)).status).toBe(400);
  });
});
