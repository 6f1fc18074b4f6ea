import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MediaType } from '../../src/oci/descriptor.ts';
import { type HostileRegistry, startHostileRegistry } from '../helpers/hostile-registry.ts';
import { sha256 } from '../helpers/oci-layout.ts';
import { useStore } from '../helpers/skiff.ts';
import { tar } from '../helpers/tar.ts';

type Json = Record<string, unknown>;

const store = useStore();
let registry: HostileRegistry;
beforeAll(async () => {
  registry = await startHostileRegistry();
});
afterAll(() => registry.stop());

/** An image of one small layer in the registry; returns its manifest's descriptor. */
function addImage(name: string, config: Json, { layer = tar({ name, content: name }), manifest = {} } = {}) {
  const diffIDs = { rootfs: { type: 'layers', diff_ids: [sha256(layer)] } };
  const blob = registry.addBlob(Buffer.from(JSON.stringify({ ...diffIDs, ...config })));
  const document = {
    schemaVersion: 2,
    config: { ...blob, mediaType: MediaType.ociConfig },
    layers: [registry.addBlob(gzipSync(layer))],
    ...manifest,
  };
  return addManifest(name, MediaType.ociManifest, document);
}

function addIndex(name: string, manifests: Json[]) {
  return addManifest(name, MediaType.ociIndex, { schemaVersion: 2, manifests });
}

/** Every manifest is in the repository `image`, under a tag and its digest. */
function addManifest(tag: string, mediaType: string, document: Json) {
  const body = JSON.stringify({ mediaType, ...document });
  const digest = registry.addManifest('image', tag, { type: mediaType, body });
  return { mediaType, digest, size: Buffer.byteLength(body) };
}

const reference = (tag: string) => `${registry.host}/image:${tag}`;
const platform = (architecture: string, variant?: string) => ({ os: 'linux', architecture, variant });

async function inspect(image: string): Promise<Json> {
  return JSON.parse(await store.ok(['image', 'inspect', image]))[0];
}

function left(...path: string[]): string[] {
  const directory = join(store.root, ...path);
  return existsSync(directory) ? readdirSync(directory) : [];
}

describe('an index inside an index', () => {
  it('is pulled, known by the digest of the outer one, and leaves nothing when it is removed', async () => {
    const amd = addImage('amd', platform('amd64'));
    const arm = addImage('arm', platform('arm', 'v7'));
    const inner = addIndex('inner', [
      { ...amd, platform: platform('amd64') },
      { ...arm, platform: platform('arm', 'v7') },
      { ...addImage('attestation', {}), platform: { os: 'unknown', architecture: 'unknown' } },
    ]);
    const { digest } = addIndex('outer', [inner]);

    await store.ok(['pull', '-q', '--platform', 'linux/amd64', reference('outer')]);
    expect(await inspect(reference('outer'))).toMatchObject({
      Architecture: 'amd64',
      RepoDigests: [`${registry.host}/image@${digest}`],
    });
    expect(
      await store.ok(['pull', '--platform', 'linux/amd64', `${registry.host}/image@${digest}`]),
    ).toContain('up to date');
    await store.ok(['pull', '-q', '--platform', 'linux/arm/v8', reference('outer')]);
    expect(await inspect(reference('outer'))).toMatchObject({ Architecture: 'arm', Variant: 'v7' });

    const { code, stderr } = await store.skiff(['pull', '--platform', 'linux/s390x', reference('outer')]);
    expect([code, stderr]).toEqual([
      125,
      'skiff: no image for platform linux/s390x: the index offers linux/amd64, linux/arm/v7\n',
    ]);
    for (const id of new Set((await store.ok(['images', '-q'])).split('\n').filter(Boolean)))
      await store.ok(['rmi', '-f', id]);
    expect([...left('blobs', 'sha256'), ...left('layers')]).toEqual([]);
  });
});

describe('entries without a platform', () => {
  it('are told apart by their configs', async () => {
    const entries = ['s390x', 'arm64'].map((name) => addImage(name, platform(name)));
    addIndex('open', entries);
    await store.ok(['pull', '-q', '--platform', 'linux/arm64', reference('open')]);
    expect(await inspect(reference('open'))).toMatchObject({ Architecture: 'arm64' });
  });
});

describe('an image that says little of itself', () => {
  it('is pulled, listed and shown', async () => {
    const healthcheck = { Test: ['CMD', 'true'], Interval: -1 };
    const config = { created: '0001-01-01T00:00:00Z', config: { Env: null, Healthcheck: healthcheck } };
    addImage('silent', config);
    await store.ok(['pull', '-q', reference('silent')]);
    await store.ok(['pull', '-q', '--platform', 'linux/amd64', reference('silent')]);
    expect(await inspect(reference('silent'))).toMatchObject({ Architecture: '', Os: 'linux' });
    const list = ['images', '--format', '{{.CreatedSince}}', reference('silent')];
    expect(await store.ok(list)).toBe('N/A');
  });

  it('is told from another artifact by its config', async () => {
    const blob = { ...registry.addBlob(Buffer.from('{"values":[]}')), mediaType: 'application/octet-stream' };
    const document = { schemaVersion: 2, config: blob, layers: [] };
    addManifest('artifact', MediaType.ociManifest, document);
    const { code, stderr } = await store.skiff(['pull', reference('artifact')]);
    expect(code).toBe(125);
    expect(stderr).toMatch(/^skiff: config has no rootfs: it is not that of a container image\nhint: /);
  });

  it('must describe as many layers as it has', async () => {
    addImage('more', platform('amd64'), { manifest: { layers: [] } });
    const { code, stderr } = await store.skiff(['pull', reference('more')]);
    expect([code, stderr]).toEqual([125, 'skiff: image has 0 layers, but its config describes 1\n']);
  });
});

it('a config that names a stored layer is not read whole', async () => {
  const layer = tar({ name: 'large', content: Buffer.alloc(300_000) });
  addImage('large', platform('amd64'), { layer });
  await store.ok(['pull', '-q', reference('large')]);
  const config = { ...registry.addBlob(gzipSync(layer)), mediaType: MediaType.ociConfig, size: 17 };
  addManifest('liar', MediaType.ociManifest, { schemaVersion: 2, config, layers: [] });
  const { code, stderr } = await store.skiff(['pull', reference('liar')]);
  expect([code, stderr]).toEqual([
    125,
    expect.stringMatching(/^skiff: blob sha256:\w+ has \d+ bytes in the store instead of 17\n$/),
  ]);
});

it('that attributes were left out is said once', async () => {
  const pax = ['com.apple.provenance', 'com.apple.other'].map(
    (name) => [`SCHILY.xattr.${name}`, 'x'] as const,
  );
  const layers = ['a', 'b', 'c'].map((name) => tar({ name, content: name, pax }, { name: `${name}2`, pax }));
  addImage(
    'apple',
    { ...platform('amd64'), rootfs: { type: 'layers', diff_ids: layers.map(sha256) } },
    {
      manifest: { layers: layers.map((layer) => registry.addBlob(gzipSync(layer))) },
    },
  );
  const lines = (await store.ok(['pull', reference('apple')])).split('\n');
  expect(lines.filter((line) => line.includes('attributes'))).toEqual([
    'Extended attributes were left out that cannot be stored here, such as "com.apple.provenance"',
  ]);
});
