import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { tarWithFile, writeLayout } from '../helpers/oci-layout.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { useStore } from '../helpers/skiff.ts';
import { startTokenServer, type TokenServer } from '../helpers/token-server.ts';

const place = mkdtempSync(join(tmpdir(), 'skiff-push-'));
const USER = { name: 'sailor', password: 'secret' };
const auth = Buffer.from(`${USER.name}:${USER.password}`).toString('base64');

let open: TestRegistry;
let closed: TestRegistry;
let tokens: TokenServer;
let behindTokens: TestRegistry;

const store = useStore(() => ({
  env: {
    SKIFF_NETWORK: 'none',
    DOCKER_CONFIG: place,
    ...(closed?.certificate && { SSL_CERT_FILE: closed.certificate.authority }),
  },
}));
const other = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const busybox = useBusybox(store);
let id = '';

beforeAll(async () => {
  open = await startRegistry();
  closed = await startRegistry({ tls: true, user: USER });
  tokens = await startTokenServer(join(place, 'tokens'), USER);
  behindTokens = await startRegistry({ tokens });
  const auths = { [closed.host]: { auth }, [behindTokens.host]: { auth } };
  writeFileSync(join(place, 'config.json'), JSON.stringify({ auths }));
  const write = 'head -c 20000000 /dev/urandom > /noise; echo made > /made';
  await store.ok(['run', '--name', 'maker', busybox, 'sh', '-c', write]);
  id = await store.ok(['commit', 'maker', `${open.host}/team/app:1`]);
  await store.ok(['rm', 'maker']);
});
afterAll(async () => {
  await Promise.all([open.stop(), closed.stop(), behindTokens.stop(), tokens.stop()]);
  rmSync(place, { recursive: true, force: true });
});

const raw = (reference: string): { mediaType: string; layers: { mediaType: string; digest: string }[] } =>
  JSON.parse(
    execFileSync('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${reference}`], {
      encoding: 'utf8',
    }),
  );

/** What the lines of a push say of its layers, and its last line. */
function read(said: string): { head: string; states: string[]; last: string } {
  const [head = '', ...lines] = said.split('\n');
  const states = lines.slice(0, -1).map((line) => line.replace(/^[0-9a-f]{12}: /, ''));
  return { head, states: states.filter((state) => state !== 'Preparing').sort(), last: lines.at(-1) ?? '' };
}

describe('push', () => {
  it('sends what the registry does not have, and a layer that was made here compressed', async () => {
    const name = `${open.host}/team/app`;
    const first = read(await store.ok(['push', `${name}:1`]));
    expect(first.head).toBe(`The push refers to repository [${name}]`);
    expect(first.states).toEqual(['Pushed', 'Pushed']);
    expect(first.last).toMatch(/^1: digest: sha256:[0-9a-f]{64} size: \d+$/);
    expect(raw(`${name}:1`).layers.map(({ mediaType }) => mediaType.replace(/.*\./, ''))).toEqual([
      'tar+gzip',
      'tar+gzip',
    ]);
    expect(await store.ok(['system', 'check', '--deep'])).toBe('The store has all that it should.');
    const again = read(await store.ok(['push', `${name}:1`]));
    expect(again.states).toEqual(['Layer already exists', 'Layer already exists']);
    expect(again.last).toBe(first.last);
    const [, digest = ''] = /digest: (\S+)/.exec(first.last) ?? [];
    expect(await store.ok(['image', 'inspect', '-f', '{{json .RepoDigests}}', `${name}:1`])).toContain(
      digest,
    );
    expect(await other.ok(['pull', '-q', `${name}@${digest}`])).toBe(`${name}@${digest}`);
    expect(await other.ok(['image', 'inspect', '-f', '{{.Id}}', `${name}@${digest}`])).toBe(id);
    expect(await other.ok(['run', '--rm', `${name}@${digest}`, 'cat', '/made'])).toBe('made');
    await other.ok(['rmi', '-f', id]);
  });

  it('has the registry take over what another repository has, and sends all tags when it is asked to', async () => {
    const [from, to] = [`${open.host}/team/app`, `${open.host}/other/app`];
    await store.ok(['push', '-q', `${from}:1`]);
    for (const tag of ['1', '2']) await store.ok(['tag', `${from}:1`, `${to}:${tag}`]);
    const said = await store.ok(['image', 'push', '-a', to]);
    expect(said.match(/Mounted from team\/app/g)).toHaveLength(2);
    expect(said.match(/^[12]: digest: sha256:/gm)).toHaveLength(2);
    expect(raw(`${to}:2`)).toEqual(raw(`${from}:1`));
    await store.ok(['rmi', `${to}:1`, `${to}:2`]);
  });

  it('brings its credentials, over TLS', async () => {
    const name = `${closed.host}/team/app:1`;
    await store.ok(['tag', `${open.host}/team/app:1`, name]);
    expect(read(await store.ok(['push', name])).states).toEqual(['Pushed', 'Pushed']);
    const stranger = await store.skiff(['push', name], { env: { DOCKER_CONFIG: '/nonexistent' } });
    expect([stranger.code, stranger.stderr]).toEqual([
      125,
      expect.stringContaining(`registry ${closed.host} wants a name and password`),
    ]);
    await store.ok(['rmi', name]);
  });

  it('buys tokens for what it does: writing, taking over from another repository, and by an identity token', async () => {
    const [from, to] = [`${behindTokens.host}/team/app:1`, `${behindTokens.host}/public/app:1`];
    for (const name of [from, to]) await store.ok(['tag', `${open.host}/team/app:1`, name]);
    expect(read(await store.ok(['push', from])).states).toEqual(['Pushed', 'Pushed']);
    const write = 'repository:team/app:pull,push';
    expect([...new Set(tokens.asked.flat())]).toEqual([write]);
    expect(await store.ok(['push', to])).toContain('Mounted from team/app');
    expect(tokens.asked).toContainEqual(['repository:public/app:pull,push', 'repository:team/app:pull']);
    // A stranger may only read what is public.
    expect(await other.ok(['pull', '-q', to])).toBe(to);
    for (const args of [
      ['pull', from],
      ['push', to],
    ])
      expect((await other.skiff(args)).stderr).toContain(`registry ${behindTokens.host} does not let you`);
    const config = join(place, 'identity');
    mkdirSync(config);
    const auths = { [behindTokens.host]: { identitytoken: tokens.identityToken } };
    writeFileSync(join(config, 'config.json'), JSON.stringify({ auths }));
    const env = { DOCKER_CONFIG: config };
    expect(await other.ok(['pull', '-q', from], { env })).toBe(from);
    const said = await other.skiff(['--debug', 'push', to], { env });
    expect(said.code, said.stderr).toBe(0);
    // Neither what buys tokens nor a token, which is a JSON object in base64.
    expect(said.stderr + said.stdout).not.toMatch(new RegExp(`${tokens.identityToken}|eyJ`));
    await other.ok(['rmi', '-f', id]);
    await store.ok(['rmi', from, to]);
  });

  it('keeps the manifest of an image whose layers were here in another compression already', async () => {
    const layout = join(place, 'layout');
    const layers = [tarWithFile('same', Buffer.from('the same'))];
    writeLayout(layout, [
      { tag: 'gzip', layers, compression: 'gzip' },
      { tag: 'zstd', layers, compression: 'zstd' },
    ]);
    for (const tag of ['gzip', 'zstd']) {
      open.push(layout, { name: `packed/${tag}`, tag });
      await other.ok(['pull', '-q', `${open.host}/packed/${tag}:${tag}`]);
    }
    const [from, to] = [`${open.host}/packed/zstd:zstd`, `${open.host}/again/zstd:1`];
    await other.ok(['tag', from, to]);
    expect(read(await other.ok(['push', to])).states).toEqual(['Layer already exists']);
    expect(raw(to)).toEqual(raw(from));
    expect(raw(to).layers[0]?.mediaType).toMatch(/zstd$/);
    // Where nobody has them the layers are those that are here.
    const elsewhere = `${behindTokens.host}/public/zstd:1`;
    await other.ok(['tag', from, elsewhere]);
    expect(read(await other.ok(['push', elsewhere], { env: { DOCKER_CONFIG: place } })).states).toEqual([
      'Pushed',
    ]);
    await other.ok(['rmi', '-f', await other.ok(['images', '-q', from])]);
  });

  it.each([
    ['nothing/at/all', 1, 'no such image: nothing/at/all'],
    ['localhost:1/x', 1, 'no such image'],
    ['a name that has no image', 1, 'no such image'],
  ])('refuses %s', async (name, code, message) => {
    const said = await store.skiff(['push', name]);
    expect([said.code, said.stderr]).toEqual([code, expect.stringContaining(message)]);
  });

  it('says what is wrong with an id, and with a registry that is not there', async () => {
    const byId = await store.skiff(['push', id]);
    expect([byId.code, byId.stderr]).toEqual([125, expect.stringContaining('skiff tag')]);
    await store.ok(['tag', id, '127.0.0.1:1/x']);
    const nobody = await store.skiff(['push', '127.0.0.1:1/x']);
    expect([nobody.code, nobody.stderr]).toEqual([125, expect.stringContaining('refused')]);
    await store.ok(['rmi', '127.0.0.1:1/x']);
    expect(readdirSync(join(store.root, 'tmp'))).toEqual([]);
  });
});
