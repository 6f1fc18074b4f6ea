import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostPlatform } from '../../src/image/platform.ts';
import { sha256 } from '../helpers/oci-layout.ts';
import { type PlatformIndex, uploadIndex, writePlatformIndex } from '../helpers/platform-index.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { useStore } from '../helpers/skiff.ts';
import { tar } from '../helpers/tar.ts';

const place = mkdtempSync(join(tmpdir(), 'skiff-indexes-'));
const at = (name: string) => join(place, name);
const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));
const other = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));

let registry: TestRegistry;
let index: PlatformIndex;
const named = (name: string) => `${registry.host}/${name}`;

beforeAll(async () => {
  registry = await startRegistry();
  index = writePlatformIndex(at('layout'), (architecture) =>
    ['common', architecture].map((name) => tar({ name, content: name.repeat(1000) })),
  );
  await uploadIndex(index, { host: registry.host, name: 'team/app', tag: '1' });
  await store.ok(['pull', '--all-platforms', '--platform', 'linux/amd64', '-q', named('team/app:1')]);
});
afterAll(async () => {
  await registry.stop();
  rmSync(place, { recursive: true, force: true });
});

/** The digest of what a name leads to at the registry. */
async function digestAt(name: string, reference: string): Promise<string> {
  const types = 'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json';
  const url = `http://${registry.host}/v2/${name}/manifests/${reference}`;
  const response = await fetch(url, { headers: { accept: types } });
  return response.ok ? sha256(Buffer.from(await response.arrayBuffer())) : `${response.status}`;
}

/** Whether all that the index names is in a repository. */
async function expectWholeAt(name: string, tag: string): Promise<void> {
  expect(await digestAt(name, tag)).toBe(index.digest);
  for (const { digest } of index.documents) expect(await digestAt(name, digest)).toBe(digest);
  for (const { digest } of index.blobs) {
    const { status } = await fetch(`http://${registry.host}/v2/${name}/blobs/${digest}`, { method: 'HEAD' });
    expect([digest, status]).toEqual([digest, 200]);
  }
}

describe('an index that was pulled whole', () => {
  it('is pushed whole, byte by byte, and nothing twice', async () => {
    await store.ok(['tag', named('team/app:1'), named('copy/app:2')]);
    const said = await store.ok(['push', named('copy/app:2')]);
    expect(said).toContain(`2: digest: ${index.digest} size:`);
    expect(said).toContain('Mounted from team/app');
    await expectWholeAt('copy/app', '2');
    const again = await store.ok(['push', named('copy/app:2')]);
    expect(again).not.toMatch(/: (Pushed|Mounted)/);
    expect(await store.ok(['images', '--digests', '--format', '{{.Digest}}', named('copy/app')])).toBe(
      index.digest,
    );
  });

  it('is pushed for one platform when that is asked for, and stays whole here', async () => {
    const arm64 = index.entries['linux/arm64']?.digest;
    await store.ok(['tag', named('team/app:1'), named('one/app:1')]);
    const said = await store.ok(['push', '--platform', 'linux/arm64', named('one/app:1')]);
    expect(said).toContain(`1: digest: ${arm64} size:`);
    expect([await digestAt('one/app', '1'), await digestAt('one/app', index.digest)]).toEqual([arm64, '404']);
    await store.ok(['push', '--platform', 'linux/amd64', named('one/app:1')]);
    expect(await digestAt('one/app', '1')).toBe(index.entries['linux/amd64']?.digest);
    await store.ok(['push', '-q', named('one/app:1')]);
    await expectWholeAt('one/app', '1');
    const { code, stderr } = await store.skiff(['push', '--platform', 'linux/ppc64le', named('one/app:1')]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('the index offers linux/amd64, linux/arm64')]);
  });

  it('is saved whole, and loaded and pushed from there with the same digests', async () => {
    for (const format of ['docker-archive', 'oci-dir']) {
      await store.ok(['save', '--format', format, '-o', at(format), named('team/app:1')]);
      expect(await other.ok(['load', '-q', '-i', at(format)])).toBe(`Loaded image: ${named('team/app:1')}`);
      await other.ok(['tag', named('team/app:1'), named(`loaded/${format}:1`)]);
      await other.ok(['push', '-q', named(`loaded/${format}:1`)]);
      await expectWholeAt(`loaded/${format}`, '1');
      await other.ok(['save', '--format', format, '-o', at(`${format}.again`), named('team/app:1')]);
      if (format !== 'oci-dir')
        expect(readFileSync(at(`${format}.again`)).equals(readFileSync(at(format)))).toBe(true);
      await other.ok(['rmi', named('team/app:1'), named(`loaded/${format}:1`)]);
    }
    expect(await other.ok(['system', 'check', '--deep'])).toBe('The store has all that it should.');
  });

  it('is saved for one platform when that is asked for', async () => {
    await store.ok(['save', '--platform', 'linux/s390x', '-o', at('one.tar'), named('team/app:1')]);
    await other.ok(['load', '-q', '-i', at('one.tar')]);
    expect(await other.ok(['image', 'inspect', '-f', '{{.Architecture}}', named('team/app:1')])).toBe(
      's390x',
    );
    await other.ok(['load', '-q', '--platform', 'linux/arm64', '-i', at('docker-archive')]);
    const inspected = await other.ok(['image', 'inspect', '-f', '{{json .}}', named('team/app:1')]);
    const { Architecture, Manifests } = JSON.parse(inspected);
    expect(Architecture).toBe('arm64');
    expect(Manifests.filter(({ Available }: { Available: boolean }) => Available)).toHaveLength(1);
    await other.ok(['rmi', '-f', ...(await other.ok(['images', '-aq'])).split('\n')]);
  });

  it('has images for other platforms without its registry', async () => {
    const create = ['create', '--pull', 'never', '--platform', 'linux/arm/v7', '--name', 'arm'];
    const explained = await store.ok([...create, '--explain=json', named('team/app:1')]);
    expect(JSON.parse(explained).image).toMatchObject({ platform: 'linux/arm/v7', from: 'store' });
    await store.ok([...create, named('team/app:1')]);
    expect(await store.ok(['images', '-q'])).not.toContain(
      await store.ok(['ps', '-a', '--format', '{{.Image}}']),
    );
    const tree = await store.ok(['images', '--tree', named('team/app')]);
    expect(tree.split('\n').map((line) => line.replace(/ {2,}.* /, ' '))).toEqual([
      expect.stringMatching(/^IMAGE/),
      `${named('team/app:1')} U`,
      expect.stringMatching(/^├─ linux\/amd64/),
      expect.stringMatching(/^├─ linux\/arm64/),
      expect.stringMatching(/^├─ linux\/arm\/v7 .*U$/),
      expect.stringMatching(/^├─ attestation of linux\/amd64/),
      expect.stringMatching(/^├─ artifact/),
      expect.stringMatching(/^└─ linux\/s390x/),
      '',
      expect.stringContaining('in use by a container'),
    ]);
    await store.ok(['rm', 'arm']);
  });
});

describe('a build for several platforms', () => {
  const context = at('context');
  const build = (...words: string[]) =>
    other.skiff(['build', '--platform', 'linux/arm64,linux/amd64', ...words, context]);
  /** Once each, although a task is named again when others have had their say. */
  const steps = (stderr: string) =>
    [...new Set(stderr.match(/^#\d+ \[linux.*/gm))].map((line) => line.replace(/^#\d+ /, '')).sort();

  beforeAll(() => {
    mkdirSync(context);
    writeFileSync(join(context, 'file'), 'of the context');
    writeFileSync(
      join(context, 'Dockerfile'),
      `FROM --platform=linux/amd64 scratch AS make
COPY file /made
ARG TARGETARCH
COPY file /made-for-$TARGETARCH
FROM ${named('team/app:1')}
COPY --from=make /made* /
`,
    );
  });

  it('makes an index, does what is the same once, takes the base for each, and is pushed', async () => {
    const metadata = at('metadata.json');
    const { stderr, code } = await build('-t', named('built/app:1'), '--metadata-file', metadata, '--push');
    expect(code, stderr).toBe(0);
    expect(steps(stderr)).toEqual([
      '[linux/amd64 make 1/2] COPY file /made',
      '[linux/amd64 make 2/2] COPY file /made-for-amd64',
      `[linux/amd64 stage-1 1/2] FROM ${named('team/app:1')}`,
      '[linux/amd64 stage-1 2/2] COPY --from=make /made* /',
      '[linux/amd64->arm64 make 2/2] COPY file /made-for-arm64',
      `[linux/arm64 stage-1 1/2] FROM ${named('team/app:1')}`,
      '[linux/arm64 stage-1 2/2] COPY --from=make /made* /',
    ]);
    const built = JSON.parse(readFileSync(metadata, 'utf8'));
    expect(built).toEqual({
      'containerimage.descriptor': expect.objectContaining({ digest: await digestAt('built/app', '1') }),
      'containerimage.digest': await digestAt('built/app', '1'),
      'image.name': named('built/app:1'),
    });
    const inspected = await other.ok(['manifest', 'inspect', '--insecure', named('built/app:1')]);
    expect(JSON.parse(inspected).manifests.map(({ platform }: { platform: object }) => platform)).toEqual([
      { os: 'linux', architecture: 'arm64' },
      { os: 'linux', architecture: 'amd64' },
    ]);
    // The base's name leads to the image of this machine, whichever came first.
    expect(await other.ok(['image', 'inspect', '-f', '{{.Architecture}}', named('team/app:1')])).toBe(
      hostPlatform().architecture,
    );
  });

  it('writes files and layouts for each, all from the cache, and no archive of Docker', async () => {
    const { stderr, code } = await build(
      '-o',
      at('out'),
      '-o',
      `type=oci,dest=${at('built.tar')}`,
      '-t',
      'oci:1',
    );
    expect([code, stderr.match(/^#\d+ CACHED$/gm)?.length]).toEqual([0, 7]);
    for (const name of ['arm64', 'amd64'])
      expect(readdirSync(at(`out/linux_${name}`)).sort()).toEqual(
        ['common', 'made', `made-for-${name}`, name].sort(),
      );
    await store.ok(['load', '-q', '-i', at('built.tar')]);
    const tree = await store.ok(['images', '--tree', 'oci:1']);
    expect(tree.match(/linux\/\w+/g)).toEqual(['linux/arm64', 'linux/amd64']);
    expect(await other.ok(['images', '-q', 'oci'])).toBe('');
    expect(await other.ok(['system', 'check', '--deep'])).toBe('The store has all that it should.');
    expect(await build('-o', `type=docker,dest=${at('docker.tar')}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('does not currently support exporting manifest lists'),
    });
  });
});

describe('other tools', () => {
  it('read the whole index of an archive, and write one that is loaded whole', async () => {
    const copy = (from: string, to: string) =>
      execFileSync('skopeo', [
        '--insecure-policy',
        'copy',
        '-q',
        '--all',
        '--dest-tls-verify=false',
        from,
        to,
      ]);
    const plain = writePlatformIndex(at('plain'), (name) => [tar({ name, content: name })], {
      isFlat: true,
    });
    await other.ok(['load', '-q', '-i', at('plain')]);
    const [id = ''] = (await other.ok(['images', '-q'])).split('\n');
    await other.ok(['tag', id, 'plain:1']);
    await other.ok(['save', '--format', 'oci-archive', '-o', at('plain.tar'), 'plain:1']);
    copy(`oci-archive:${at('plain.tar')}:1`, `docker://${named('by/skopeo:1')}`);
    copy(`oci-archive:${at('plain.tar')}:1`, `oci:${at('copied')}:plain:2`);
    expect(await digestAt('by/skopeo', '1')).toBe(plain.digest);
    await other.ok(['rmi', 'plain:1']);
    await other.ok(['load', '-q', '-i', at('copied')]);
    await other.ok(['tag', 'plain:2', named('again/app:1')]);
    await other.ok(['push', '-q', named('again/app:1')]);
    expect(await digestAt('again/app', '1')).toBe(plain.digest);
  });
});
