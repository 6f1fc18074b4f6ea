import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request as ask, createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256, tarWithFile, writeLayout } from '../helpers/oci-layout.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { useStore } from '../helpers/skiff.ts';

const layout = mkdtempSync(join(tmpdir(), 'skiff-manifest-'));
const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));

let registry: TestRegistry;
/** The registry behind something that takes no blobs over. */
let withoutMounts: { host: string; server: Server };

beforeAll(async () => {
  registry = await startRegistry();
  withoutMounts = await startProxy(registry.host);
  const image = (tag: string, ...architectures: string[]) => {
    return { tag, layers: [tarWithFile(tag, Buffer.from(tag))], architectures };
  };
  writeLayout(layout, [image('intel', 'amd64'), image('arm', 'arm64'), image('both', 'amd64', 'arm64')]);
  registry.push(layout, { name: 'team/intel', tag: 'intel' });
  registry.push(layout, { name: 'team/arm', tag: 'arm', format: 'v2s2' });
  registry.push(layout, { name: 'team/both', tag: 'both', all: true });
});
afterAll(async () => {
  withoutMounts.server.closeAllConnections();
  withoutMounts.server.close();
  await registry.stop();
  rmSync(layout, { recursive: true, force: true });
});

/** Passes everything on to a registry but the wish to mount, and the names that addresses have. */
async function startProxy(target: string): Promise<{ host: string; server: Server }> {
  const server = createServer((incoming, outgoing) => {
    const path = (incoming.url ?? '').replace(/\?mount=.*/, '');
    const { method, headers } = incoming;
    const passed = ask(`http://${target}${path}`, { method, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 500, response.headers);
      response.pipe(outgoing);
    });
    incoming.pipe(passed);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

const skopeo = (...args: string[]): string =>
  execFileSync('skopeo', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const raw = (reference: string): string =>
  skopeo('inspect', '--raw', '--tls-verify=false', `docker://${reference}`);
const configOf = (reference: string, architecture: string): { architecture: string } => {
  const choice = `--override-arch=${architecture}`;
  return JSON.parse(skopeo(choice, 'inspect', '--config', '--tls-verify=false', `docker://${reference}`));
};

describe('manifest inspect', () => {
  it('shows what a registry has, and pulls nothing', async () => {
    const [one, both] = [`${registry.host}/team/intel:intel`, `${registry.host}/team/both:both`];
    const manifest = await store.ok(['manifest', 'inspect', one]);
    expect(JSON.parse(manifest)).toEqual(JSON.parse(raw(one)));
    expect(manifest).toMatch(/^\{\n\t"schemaVersion": 2,\n/);
    const index = await store.ok(['manifest', 'inspect', both]);
    expect(JSON.parse(index)).toEqual(JSON.parse(raw(both)));
    expect(index).toMatch(/^\{\n {3}"schemaVersion": 2,\n/);
    const all = JSON.parse(await store.ok(['manifest', 'inspect', '-v', both]));
    expect(all.map(({ Descriptor }: { Descriptor: object }) => Descriptor)).toMatchObject([
      { platform: { architecture: 'amd64' } },
      { platform: { architecture: 'arm64' } },
    ]);
    expect(await store.ok(['images', '-q'])).toBe('');
  });

  it('shows what refers to an image, in the index under a tag where the registry knows no more', async () => {
    const one = `${registry.host}/team/intel:intel`;
    const empty = await store.ok(['manifest', 'inspect', '--referrers', one]);
    expect(JSON.parse(empty)).toEqual({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [],
    });
    // An index under the tag that stands for the image's digest.
    const tag = sha256(Buffer.from(raw(one))).replace(':', '-');
    const to = `docker://${registry.host}/team/intel:${tag}`;
    skopeo('--insecure-policy', 'copy', '-q', '--all', '--dest-tls-verify=false', `oci:${layout}:both`, to);
    const { manifests } = JSON.parse(await store.ok(['manifest', 'inspect', '--referrers', one]));
    expect(manifests).toEqual(JSON.parse(raw(`${registry.host}/team/intel:${tag}`)).manifests);
  });

  it('says what is not there, and speaks plain HTTP to others than this host only when it is told to', async () => {
    const missing = await store.skiff(['manifest', 'inspect', `${registry.host}/team/none:1`]);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('not found in registry')]);
    // The same registry, by an address that does not say that it is here.
    const name = `${registry.host.replace('127.0.0.1', '0.0.0.0')}/team/none:1`;
    const refused = await store.skiff(['manifest', 'inspect', name]);
    expect([refused.code, refused.stderr]).toEqual([125, expect.stringContaining('--insecure-registry')]);
    const insecure = await store.skiff(['manifest', 'inspect', '--insecure', name]);
    expect([insecure.code, insecure.stderr]).toEqual([1, expect.stringContaining('not found')]);
  });
});

describe('a manifest list', () => {
  it('is made of images of one registry, pushed, and pulled by each platform', async () => {
    const list = `${registry.host}/team/list:1`;
    const [intel, arm] = [`${registry.host}/team/intel:intel`, `${registry.host}/team/arm:arm`];
    expect(await store.ok(['manifest', 'create', list, intel])).toBe(`Created manifest list ${list}`);
    await store.ok(['manifest', 'create', '--amend', list, intel, arm]);
    await store.ok(['manifest', 'annotate', '--variant', 'v8', list, arm]);
    const shown = await store.ok(['manifest', 'inspect', list]);
    const { manifests } = JSON.parse(shown);
    expect(manifests).toMatchObject([
      { mediaType: 'application/vnd.oci.image.manifest.v1+json', platform: { architecture: 'amd64' } },
      {
        mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
        platform: { architecture: 'arm64', variant: 'v8' },
      },
    ]);
    expect(await store.ok(['manifest', 'inspect', list, arm])).toContain('docker.distribution.manifest.v2');
    const pushed = (await store.ok(['manifest', 'push', '--purge', list])).split('\n');
    const digests = manifests.map(({ digest }: { digest: string }) => digest);
    const repository = list.replace(/:1$/, '');
    expect(pushed.slice(0, -1)).toEqual(
      digests.map((digest: string) => `Pushed ref ${repository}@${digest} with digest: ${digest}`),
    );
    expect(raw(list)).toBe(shown);
    expect(raw(`${repository}@${pushed.at(-1)}`)).toBe(shown);
    for (const architecture of ['amd64', 'arm64'])
      expect(configOf(list, architecture)).toMatchObject({ architecture });
    expect(await store.ok(['pull', '-q', '--platform', 'linux/arm64', list])).toBe(list);
    expect(await store.ok(['image', 'inspect', '-f', '{{.Architecture}}', list])).toBe('arm64');
    await store.ok(['rmi', list]);
    const again = await store.skiff(['manifest', 'push', list]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('no such manifest list')]);
    expect(readdirSync(join(store.root, 'manifests'))).toEqual([]);
  });

  it('brings blobs along where the registry takes none over from another repository', async () => {
    const { host } = withoutMounts;
    const list = `${host}/team/copied:1`;
    await store.ok(['manifest', 'create', list, `${host}/team/intel:intel`]);
    await store.ok(['manifest', 'push', '-p', list]);
    expect(configOf(`${registry.host}/team/copied:1`, 'amd64')).toMatchObject({ architecture: 'amd64' });
  });

  it('stays as it was when something is in the way of a change', async () => {
    const list = `${registry.host}/team/kept:1`;
    const [intel, both] = [`${registry.host}/team/intel:intel`, `${registry.host}/team/both:both`];
    await store.ok(['manifest', 'create', list, intel]);
    const before = await store.ok(['manifest', 'inspect', list]);
    const refusals: [string[], number, string][] = [
      [['create', list, intel], 125, 'already'],
      [['create', '-a', list, `${registry.host}/team/none:1`], 125, 'not found'],
      [['create', '-a', list, both], 125, 'is a manifest list'],
      [['create', `${list}@sha256:${'0'.repeat(64)}`, intel], 125, 'named by a digest'],
      [['annotate', '--arch', 'arn64', list, intel], 125, 'no architecture "arn64"'],
      [['annotate', list, both], 1, 'has no image'],
      [['inspect', list, both], 1, 'has no image'],
    ];
    for (const [words, code, message] of refusals) {
      const outcome = await store.skiff(['manifest', ...words]);
      expect([words, outcome.code, outcome.stderr]).toEqual([words, code, expect.stringContaining(message)]);
    }
    expect(await store.ok(['manifest', 'inspect', list])).toBe(before);
    const removed = await store.skiff(['manifest', 'rm', 'none', list, 'none']);
    expect([removed.code, removed.stderr.match(/no such manifest list: none:latest/g)?.length]).toEqual([
      1, 2,
    ]);
  });

  it('cannot be pushed to a registry that its images are not at', async () => {
    await store.ok(['manifest', 'create', 'localhost:1/list', `${registry.host}/team/intel:intel`]);
    const outcome = await store.skiff(['manifest', 'push', 'localhost:1/list']);
    expect([outcome.code, outcome.stderr]).toEqual([
      125,
      expect.stringContaining(`is at ${registry.host}, the manifest list is to be at localhost:1`),
    ]);
    await store.ok(['manifest', 'rm', 'localhost:1/list']);
  });

  it('has all that two commands add at once, and says when its file is damaged', async () => {
    const list = `${registry.host}/team/crowd:1`;
    const [intel, arm] = [`${registry.host}/team/intel:intel`, `${registry.host}/team/arm:arm`];
    await Promise.all([intel, arm].map((image) => store.ok(['manifest', 'create', '-a', list, image])));
    expect(JSON.parse(await store.ok(['manifest', 'inspect', list])).manifests).toHaveLength(2);
    const [file = ''] = readdirSync(join(store.root, 'manifests'));
    expect(statSync(join(store.root, 'manifests')).mode & 0o7777).toBe(0o700);
    expect(statSync(join(store.root, 'manifests', file)).mode & 0o7777).toBe(0o600);
    expect(await store.ok(['system', 'df', '-v'])).toContain('\nManifest lists ');
    writeFileSync(join(store.root, 'manifests', file), '{"name":');
    const outcome = await store.skiff(['manifest', 'push', list]);
    expect([outcome.code, outcome.stderr]).toEqual([125, expect.stringContaining('is damaged')]);
    await store.ok(['manifest', 'rm', list]);
  });
});
