import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseReference } from '../../src/image/reference.ts';
import { checkLayers, parseImageConfig } from '../../src/oci/image-config.ts';
import { type Index, type Manifest, parseManifest } from '../../src/oci/manifest.ts';
import { RegistryClient } from '../../src/registry/client.ts';
import { type RegistryOptions, RegistryRequests } from '../../src/registry/requests.ts';
import type { RequestInfo } from '../../src/registry/transport.ts';
import { tarWithFile, writeLayout } from '../helpers/oci-layout.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';

const USER = { name: 'ada', password: 'l0ve:lace' };
const tars = [tarWithFile('small', Buffer.from('hello\n')), tarWithFile('large', randomBytes(3_000_000))];
let workspace: string;
let layout: string;

beforeAll(() => {
  workspace = mkdtempSync(join(tmpdir(), 'distribution-test-'));
  layout = join(workspace, 'layout');
  writeLayout(layout, [
    { tag: 'gzip', layers: tars, config: { Cmd: ['/small'], Env: ['A=b'] } },
    { tag: 'zstd', layers: tars, compression: 'zstd' },
    { tag: 'many', layers: tars, architectures: ['amd64', 'arm64', 's390x'] },
  ]);
});

afterAll(() => rmSync(workspace, { recursive: true, force: true }));

function client(options: Partial<RegistryOptions> = {}): RegistryClient {
  return new RegistryClient(
    new RegistryRequests({
      insecure: [],
      userAgent: 'skiff-test',
      certificateDirectories: [],
      ...options,
    }),
  );
}

function credentials(password = USER.password): Partial<RegistryOptions> {
  return { credentials: { find: async () => ({ username: USER.name, password }) } };
}

/** Reads a whole image and returns its manifest; every blob must have the digest that the manifest states. */
async function readImage(reader: RegistryClient, name: string): Promise<Manifest> {
  const reference = parseReference(name);
  const { bytes, mediaType } = await reader.manifest(reference, reference.digest ?? reference.tag ?? '');
  const manifest = parseManifest(bytes, mediaType) as Manifest;
  const blobs = await Promise.all(
    [manifest.config, ...manifest.layers].map(async (descriptor) => {
      const content = await buffer(reader.blob(reference, descriptor));
      expect(`sha256:${createHash('sha256').update(content).digest('hex')}`).toBe(descriptor.digest);
      return content;
    }),
  );
  checkLayers(manifest, parseImageConfig(blobs[0] ?? Buffer.alloc(0)));
  return manifest;
}

describe('a registry without authentication', () => {
  let registry: TestRegistry;

  beforeAll(async () => {
    registry = await startRegistry();
    registry.push(layout, { name: 'team/app', tag: 'gzip' });
    registry.push(layout, { name: 'team/app', tag: 'zstd' });
    registry.push(layout, { name: 'team/app', tag: 'many', all: true });
    registry.push(layout, { name: 'docker', tag: 'gzip', format: 'v2s2' });
  });

  afterAll(() => registry.stop());

  test('serves an OCI image with gzip layers, its blobs in parallel', async () => {
    const manifest = await readImage(client(), `${registry.host}/team/app:gzip`);
    expect(manifest.mediaType).toBe('application/vnd.oci.image.manifest.v1+json');
    expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual(
      Array(2).fill('application/vnd.oci.image.layer.v1.tar+gzip'),
    );
  });

  test('serves an OCI image with zstd layers', async () => {
    const manifest = await readImage(client(), `${registry.host}/team/app:zstd`);
    expect(manifest.layers[0]?.mediaType).toBe('application/vnd.oci.image.layer.v1.tar+zstd');
  });

  test('serves a Docker schema 2 image', async () => {
    const manifest = await readImage(client(), `${registry.host}/docker:gzip`);
    expect(manifest.mediaType).toBe('application/vnd.docker.distribution.manifest.v2+json');
  });

  test('serves an index, and its manifests by digest', async () => {
    const reader = client();
    const reference = parseReference(`${registry.host}/team/app:many`);
    const { bytes, mediaType } = await reader.manifest(reference, 'many');
    const index = parseManifest(bytes, mediaType) as Index;
    expect(index.manifests.map(({ platform }) => platform?.architecture)).toEqual([
      'amd64',
      'arm64',
      's390x',
    ]);
    await readImage(reader, `${registry.host}/team/app@${index.manifests[1]?.digest}`);
  });

  test('is asked for each thing once, over plain HTTP as it answers a TLS handshake so', async () => {
    const requests: string[] = [];
    const onRequest = ({ method, url, status, failure }: RequestInfo): void => {
      requests.push(`${method} ${url} ${status ?? failure}`);
    };
    await readImage(client({ onRequest }), `${registry.host}/team/app:gzip`);
    expect(requests[0]).toBe(`GET http://${registry.host}/v2/team/app/manifests/gzip 200`);
    expect(requests).toHaveLength(1 + 1 + tars.length);
  });

  test('has no image under an unknown name or tag', async () => {
    for (const name of ['nothing:latest', 'team/app:nothing']) {
      const { domain, path, tag } = parseReference(`${registry.host}/${name}`);
      await expect(client().manifest({ domain, path }, tag ?? '')).rejects.toMatchObject({
        kind: 'notFound',
        message: `image ${registry.host}/${name} not found in registry ${registry.host}`,
        cause: { status: 404, code: 'MANIFEST_UNKNOWN' },
      });
    }
  });
});

describe('a registry with htpasswd authentication', () => {
  let registry: TestRegistry;

  beforeAll(async () => {
    registry = await startRegistry({ user: USER });
    registry.push(layout, { name: 'private', tag: 'gzip' });
  });

  afterAll(() => registry.stop());

  test('lets a user with the right password read', async () => {
    await readImage(client(credentials()), `${registry.host}/private:gzip`);
  });

  test('turns away a wrong password and a stranger', async () => {
    const repository = { domain: registry.host, path: 'private' };
    await expect(client(credentials('wrong')).manifest(repository, 'gzip')).rejects.toMatchObject({
      kind: 'unauthorized',
    });
    await expect(client().manifest(repository, 'gzip')).rejects.toMatchObject({
      kind: 'unauthorized',
      message: `registry ${registry.host} wants a name and password`,
    });
  });
});

describe('a registry with TLS and authentication', () => {
  let registry: TestRegistry;

  beforeAll(async () => {
    registry = await startRegistry({ user: USER, tls: true });
    registry.push(layout, { name: 'secret', tag: 'gzip' });
  });

  afterAll(() => registry.stop());

  /** Leads to loopback as well, but is not known as such. */
  const elsewhere = (): string => registry.host.replace('localhost', '0.0.0.0');

  test('is trusted when its authority is in a certs.d directory', async () => {
    const certificateDirectories = [registry.certificate?.trust(elsewhere()) ?? ''];
    await readImage(client({ ...credentials(), certificateDirectories }), `${elsewhere()}/secret:gzip`);
  });

  test('is read without trust when it is named insecure', async () => {
    await readImage(client({ ...credentials(), insecure: [elsewhere()] }), `${elsewhere()}/secret:gzip`);
  });

  test('is read without trust on loopback, over HTTPS all the same', async () => {
    const urls: string[] = [];
    const reader = client({ ...credentials(), onRequest: ({ url }) => urls.push(url) });
    await readImage(reader, `${registry.host}/secret:gzip`);
    expect(urls.filter((url) => !url.startsWith(`https://${registry.host}/`))).toEqual([]);
  });

  test('is not spoken to otherwise, and never over plain HTTP', async () => {
    const requests: string[] = [];
    const reader = client({ ...credentials(), onRequest: ({ url }) => requests.push(url) });
    const domain = elsewhere();
    await expect(reader.manifest({ domain, path: 'secret' }, 'gzip')).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining(`certificate of registry ${domain} is not trusted`),
      hint: expect.stringContaining(`certs.d/${domain}/ca.crt`),
    });
    expect(requests).toEqual([`https://${domain}/v2/secret/manifests/gzip`]);
  });
});
