import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { RegistryClient } from '../../../src/registry/client.ts';
import { type RegistryOptions, RegistryRequests } from '../../../src/registry/requests.ts';
import { faults, type HostileRegistry, startHostileRegistry } from '../../helpers/hostile-registry.ts';
import { startHttpProxy } from '../../helpers/http-proxy.ts';

const TYPE = 'application/vnd.oci.image.manifest.v1+json';
const MANIFEST = { type: TYPE, body: JSON.stringify({ schemaVersion: 2, mediaType: TYPE, layers: [] }) };

let registry: HostileRegistry;

beforeEach(async () => {
  registry = await startHostileRegistry();
});

afterEach(() => registry.stop());

function client(options: Partial<RegistryOptions> = {}): RegistryClient {
  return new RegistryClient(
    new RegistryRequests({
      insecure: [],
      userAgent: 'skiff-test',
      certificateDirectories: [],
      retry: { attempts: 3, firstPause: 1, longestPause: 2_000 },
      timeouts: { answer: 5_000, idle: 5_000 },
      ...options,
    }),
  );
}

function app(): { domain: string; path: string } {
  return { domain: registry.host, path: 'app' };
}

function addBlob(bytes: Uint8Array): Descriptor {
  return registry.addBlob(bytes) as Descriptor;
}

async function read(descriptor: Descriptor, reader = client(), signal?: AbortSignal): Promise<Buffer> {
  return await buffer(reader.blob(app(), descriptor, { signal }));
}

/** The requests that reached the registry, without the search for TLS. */
function paths(): string[] {
  return registry.requests.map((request) => request.replace(/sha256:[0-9a-f]+/, 'DIGEST'));
}

describe('a manifest', () => {
  test('comes with its digest and type, by tag and by digest', async () => {
    const digest = registry.addManifest('app', 'v1', MANIFEST);
    const expected = { bytes: Buffer.from(MANIFEST.body), mediaType: TYPE, digest };
    expect(await client().manifest(app(), 'v1')).toEqual(expected);
    expect(await client().manifest(app(), digest)).toEqual(expected);
  });

  test('has the type that it states when the registry only calls it JSON', async () => {
    registry.addManifest('app', 'v1', { ...MANIFEST, type: 'application/json; charset=utf-8' });
    expect(await client().manifest(app(), 'v1')).toMatchObject({ mediaType: TYPE });
  });

  test('with another digest than asked for, or than the registry states, is refused', async () => {
    const digest = registry.addManifest('app', 'v1', MANIFEST);
    registry.misbehave(/manifests\/sha256/, faults.corrupt());
    registry.misbehave(/manifests\/v1/, faults.lie({ 'docker-content-digest': `sha256:${'0'.repeat(64)}` }));
    await expect(client().manifest(app(), digest)).rejects.toMatchObject({ kind: 'invalid' });
    await expect(client().manifest(app(), 'v1')).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining(`has digest ${digest} instead of sha256:000`),
    });
  });

  test('that is a web page is refused with the name of the registry', async () => {
    registry.misbehave(/manifests/, faults.html());
    await expect(client().manifest(app(), 'v1')).rejects.toMatchObject({
      kind: 'invalid',
      message: `registry ${registry.host} sent something that is not JSON for image ${registry.host}/app:v1`,
    });
  });

  test.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
    ['identity', (body: Buffer) => body],
    ['gzip, BR', (body: Buffer) => brotliCompressSync(gzipSync(body))],
  ])('compressed on its way with %s is what it was before', async (coding, encode) => {
    const digest = registry.addManifest('app', 'v1', MANIFEST);
    registry.misbehave(/manifests/, faults.encoded(coding, encode));
    expect(await client().manifest(app(), 'v1')).toMatchObject({ digest });
  });

  test.each([
    ['gzip', () => gzipSync(Buffer.alloc(5_000_000)), 'is larger than 4194304 bytes'],
    ['gzip', () => Buffer.from('{}'), 'came in a damaged gzip encoding'],
    ['compress', () => Buffer.from('{}'), 'came in an unknown content encoding'],
    ['constructor', () => Buffer.from('{}'), 'came in an unknown content encoding'],
  ])('in the encoding %s that cannot be undone is refused', async (coding, encode, message) => {
    registry.addManifest('app', 'v1', MANIFEST);
    registry.misbehave(/manifests/, faults.encoded(coding, encode));
    await expect(client().manifest(app(), 'v1')).rejects.toMatchObject({
      kind: 'invalid',
      message: `manifest of image ${registry.host}/app:v1 ${message}`,
    });
  });

  test('that never ends is given up after 4 MiB', async () => {
    registry.misbehave(/manifests/, faults.endless());
    await expect(client().manifest(app(), 'v1')).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('larger than 4194304 bytes'),
    });
  });
});

describe('a status', () => {
  const said = [{ code: 'SOME_CODE', message: 'so\u001b[31m it\nis' }];

  test.each([
    [400, 'invalid', 'refused the request for'],
    [403, 'denied', 'denied access to'],
    [401, 'unauthorized', 'does not let you read'],
    [404, 'notFound', 'not found in registry'],
    [407, 'unauthorized', 'a proxy before registry'],
    [429, 'unavailable', 'allows no more requests at present: so [31m it is'],
    [503, 'unavailable', 'answered status 503'],
  ])('%i is %s', async (status, kind, message) => {
    registry.misbehave(/manifests/, faults.status(status, {}, said));
    await expect(client().manifest(app(), 'v1')).rejects.toMatchObject({
      kind,
      subject: `image ${registry.host}/app:v1`,
      message: expect.stringContaining(message),
      cause: {
        status,
        code: 'SOME_CODE',
        message: 'so [31m it is',
        method: 'GET',
        url: `http://${registry.host}/v2/app/manifests/v1`,
      },
    });
  });

  test('404 in another form than that of a registry says so', async () => {
    registry.misbehave(/manifests/, faults.status(404));
    await expect(client().manifest(app(), 'v1')).rejects.toMatchObject({
      kind: 'notFound',
      hint: `${registry.host} may not be a registry: its answer was not in the form of one`,
    });
  });

  test.each([429, 500, 502, 503, 504])('%i is tried again', async (status) => {
    registry.addManifest('app', 'v1', MANIFEST);
    registry.misbehave(/manifests/, faults.status(status), 2);
    await client().manifest(app(), 'v1');
    expect(paths().filter((path) => path.includes('manifests'))).toHaveLength(3);
  });

  test('with Retry-After is tried again then, not earlier', async () => {
    registry.addManifest('app', 'v1', MANIFEST);
    registry.misbehave(/manifests/, faults.status(429, { 'retry-after': '1' }), 1);
    const started = performance.now();
    await client().manifest(app(), 'v1');
    expect(performance.now() - started).toBeGreaterThan(990);
  });

  test('with Retry-After in a distant future is final at once', async () => {
    registry.misbehave(/manifests/, faults.status(503, { 'retry-after': '3600' }));
    await expect(client().manifest(app(), 'v1')).rejects.toMatchObject({ kind: 'unavailable' });
    registry.misbehave(
      /manifests/,
      faults.status(429, { 'retry-after': new Date(Date.now() + 1e7).toUTCString() }),
    );
    await expect(client().manifest(app(), 'v1')).rejects.toMatchObject({ kind: 'unavailable' });
    expect(paths().filter((path) => path.includes('manifests'))).toHaveLength(2);
  });
});

describe('a blob', () => {
  const bytes = randomBytes(3_000_000);

  test('comes exactly as served, also when it is empty', async () => {
    expect(await read(addBlob(bytes))).toEqual(bytes);
    expect(await read(addBlob(new Uint8Array()))).toEqual(Buffer.alloc(0));
  });

  test('is not decompressed on the way, whatever the registry claims about its encoding', async () => {
    const descriptor = addBlob(Buffer.from('not gzip at all'));
    registry.misbehave(/blobs/, faults.lie({ 'content-encoding': 'gzip' }));
    expect((await read(descriptor)).toString()).toBe('not gzip at all');
  });

  test('whose connection breaks is taken up where it broke', async () => {
    const descriptor = addBlob(bytes);
    registry.misbehave(/blobs/, faults.breakAfter(1_000_000), 2);
    expect(await read(descriptor)).toEqual(bytes);
    const ranges = registry.ranges.filter((range) => range !== undefined);
    expect(ranges).toHaveLength(2);
    expect(ranges.every((range) => /^bytes=[1-9]\d*-$/.test(range))).toBe(true);
  });

  test('is put together although the registry ignores ranges', async () => {
    const descriptor = addBlob(bytes);
    registry.misbehave(/blobs/, faults.breakAfter(500_000), 1);
    registry.misbehave(/blobs/, faults.whole());
    expect(await read(descriptor)).toEqual(bytes);
  });

  test.each([
    ['knows no ranges', () => faults.unsatisfiable()],
    ['sends a later part than was asked for', () => faults.part(1000, 7)],
    ['does not say which part it sends', () => faults.unnamedPart()],
    ['sends an earlier part than was asked for', () => faults.part(bytes.length, -7)],
    ['sends no more than the first of what is missing', () => faults.part(700_000)],
  ])('is put together although the registry %s', async (_what, fault) => {
    const descriptor = addBlob(bytes);
    registry.misbehave(/blobs/, faults.breakAfter(1_500_000), 1);
    registry.misbehave(/blobs/, fault());
    expect(await read(descriptor)).toEqual(bytes);
  });

  test('is read from the start, and no range asked for again, once the registry has refused one', async () => {
    const descriptor = addBlob(bytes);
    registry.misbehave(/blobs/, faults.breakAfter(1_100_000), 1);
    registry.misbehave(/blobs/, faults.unsatisfiable(), 1);
    registry.misbehave(/blobs/, faults.breakAfter(2_300_000), 1);
    expect(await read(descriptor)).toEqual(bytes);
    expect(registry.ranges.filter((range) => range !== undefined)).toHaveLength(1);
  });

  test.each([
    ['refuses every range and breaks off', () => faults.unsatisfiable()],
    ['sends one byte at a time', () => faults.part(1)],
    ['sends nothing of a part', () => faults.part(0)],
    ['always sends another part', () => faults.part(1000, 1)],
  ])('is given up when the registry %s', async (_what, fault) => {
    const descriptor = addBlob(Buffer.from('twelve bytes'));
    registry.misbehave(/blobs/, faults.breakAfter(2), 1);
    registry.misbehave(/blobs/, fault(), 1);
    registry.misbehave(/blobs/, faults.breakAfter(2));
    await expect(read(descriptor)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(paths().filter((path) => path.includes('blobs'))).toHaveLength(3);
  });

  test('whose parts are of a blob of another size is refused', async () => {
    const descriptor = addBlob(Buffer.from('twelve bytes'));
    registry.misbehave(/blobs/, faults.breakAfter(2), 1);
    registry.misbehave(/blobs/, (_request, response) => {
      response.writeHead(206, { 'content-range': 'bytes 2-3/4' });
      response.end('xx');
    });
    await expect(read(descriptor)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('is shorter than the 12 bytes'),
    });
  });

  test('is taken up again with a new token when the first has run out meanwhile', async () => {
    const descriptor = addBlob(bytes);
    registry.guard({ scheme: 'bearer', anonymous: true });
    registry.misbehave(
      /blobs/,
      (request, response, content) => {
        registry.revokeTokens();
        faults.breakAfter(1_000_000)(request, response, content);
      },
      1,
    );
    registry.addManifest('app', 'v1', MANIFEST);
    const reader = client();
    await reader.manifest(app(), 'v1');
    expect(await read(descriptor, reader)).toEqual(bytes);
    expect(registry.ranges.at(-1)).toMatch(/^bytes=[1-9]/);
    expect(registry.authorizations.at(-1)).toBe('Bearer token-2');
  });

  test('that was compressed on its way is refused, and the error says so', async () => {
    const descriptor = addBlob(Buffer.alloc(5000, 'compressible'));
    for (const chunked of [false, true]) {
      registry.forgive();
      registry.misbehave(/blobs/, faults.encoded('gzip', gzipSync, chunked));
      await expect(read(descriptor)).rejects.toMatchObject({
        kind: 'invalid',
        message: expect.stringContaining('is shorter than the 5000 bytes'),
        hint: expect.stringContaining('compressed on its way'),
      });
    }
  });

  test('is asked for again after a reset and after a cut before the first byte', async () => {
    const descriptor = addBlob(bytes);
    registry.misbehave(/blobs/, faults.reset(), 1);
    registry.misbehave(/blobs/, faults.breakAfter(0), 1);
    expect(await read(descriptor)).toEqual(bytes);
  });

  test('that keeps breaking off is given up, and the error says how far it got', async () => {
    const descriptor = addBlob(Buffer.from('twelve bytes'));
    registry.misbehave(/blobs/, faults.breakAfter(2));
    await expect(read(descriptor)).rejects.toMatchObject({
      kind: 'unavailable',
      message: `blob ${descriptor.digest} from registry ${registry.host} breaks off after 6 of 12 bytes`,
    });
  });

  test('that ends early without a word is asked for again, and then given up', async () => {
    const descriptor = addBlob(Buffer.from('twelve bytes'));
    registry.misbehave(/blobs/, faults.short(6), 1);
    expect((await read(descriptor)).toString()).toBe('twelve bytes');
    registry.misbehave(/blobs/, faults.short(0));
    await expect(read(descriptor)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('of another length than its descriptor says is refused', async () => {
    const descriptor = addBlob(Buffer.from('twelve bytes'));
    await expect(read({ ...descriptor, size: 11 })).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('is longer than the 11 bytes of its descriptor'),
    });
    await expect(read({ ...descriptor, size: 13 })).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('is shorter than the 13 bytes'),
    });
    registry.misbehave(/blobs/, faults.endless());
    await expect(read(descriptor)).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('that stalls is asked for again', async () => {
    const descriptor = addBlob(Buffer.from('twelve bytes'));
    registry.misbehave(/blobs/, faults.stall(3), 1);
    const content = await read(descriptor, client({ timeouts: { answer: 5_000, idle: 50 } }));
    expect(content.toString()).toBe('twelve bytes');
  });

  test('that is missing is not found', async () => {
    const digest = `sha256:${'1'.repeat(64)}`;
    await expect(read({ mediaType: TYPE, digest, size: 1 } as Descriptor)).rejects.toMatchObject({
      kind: 'notFound',
      message: `blob ${digest} of ${registry.host}/app not found in registry ${registry.host}`,
    });
  });

  test('whose reader leaves early closes the connection', async () => {
    const descriptor = { ...addBlob(bytes), size: Number.MAX_SAFE_INTEGER };
    const closed = Promise.withResolvers<void>();
    registry.misbehave(/blobs/, (request, response, content) => {
      request.socket.once('close', () => closed.resolve());
      faults.endless()(request, response, content);
    });
    for await (const chunk of client().blob(app(), descriptor)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await closed.promise;
  });
});

describe('a redirect', () => {
  let other: HostileRegistry;

  beforeEach(async () => {
    other = await startHostileRegistry();
  });

  afterEach(() => other.stop());

  test('to another host is followed without the credentials, ranges included', async () => {
    const descriptor = addBlob(Buffer.from('from elsewhere'));
    other.addBlob(Buffer.from('from elsewhere'));
    const target = `http://u:p@${other.host}/v2/app/blobs/${descriptor.digest}?signature=secret`;
    registry.guard({ scheme: 'basic', username: 'ada', password: 'pw' });
    registry.addManifest('app', 'v1', MANIFEST);
    const credentials = { find: async () => ({ username: 'ada', password: 'pw' }) };
    const urls: string[] = [];
    const reader = client({ credentials, onRequest: ({ url }) => urls.push(url) });
    await reader.manifest(app(), 'v1');
    registry.misbehave(/blobs/, faults.redirect(target));
    other.misbehave(/blobs/, faults.breakAfter(5), 1);
    expect((await read(descriptor, reader)).toString()).toBe('from elsewhere');
    expect(registry.authorizations.at(-1)).toMatch(/^Basic /);
    expect(other.authorizations).toEqual([undefined, undefined]);
    expect(other.ranges).toEqual([undefined, 'bytes=5-']);
    expect(urls.join()).not.toMatch(/secret|u:p/);
  });

  test('within the registry keeps the credentials', async () => {
    const descriptor = addBlob(Buffer.from('here'));
    registry.guard({ scheme: 'basic', username: 'ada', password: 'pw' });
    registry.misbehave(/blobs/, faults.redirect(`/v2/moved/blobs/${descriptor.digest}`), 1);
    const credentials = { find: async () => ({ username: 'ada', password: 'pw' }) };
    expect((await read(descriptor, client({ credentials }))).toString()).toBe('here');
  });

  test('to a host that is not there names that host', async () => {
    const descriptor = addBlob(Buffer.from('x'));
    registry.misbehave(/blobs/, faults.redirect('http://127.0.0.1:1/x?token=secret'));
    const error: unknown = await read(descriptor).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      kind: 'unavailable',
      message: 'connection to registry 127.0.0.1:1 was refused',
    });
  });

  test.each([
    ['file:///etc/passwd', 'it leads to file:'],
    ['http://[', 'its target is not a URL'],
    ['/v2/app/manifests/v1', 'more than 10 in a row'],
  ])('to %s is refused', async (location, reason) => {
    registry.misbehave(/manifests/, faults.redirect(location));
    await expect(client().manifest(app(), 'v1')).rejects.toMatchObject({
      kind: 'invalid',
      message: `registry ${registry.host} sent a bad redirect: ${reason}`,
    });
  });
});

describe('a registry that does not answer', () => {
  test('because its name is unknown', async () => {
    const repository = { domain: 'registry.invalid', path: 'app' };
    await expect(client().manifest(repository, 'v1')).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'cannot find registry host registry.invalid',
    });
  });

  test.each(['127.0.0.1:1', 'localhost:1', '[::1]:1'])('because nobody listens at %s', async (domain) => {
    await expect(client().manifest({ domain, path: 'app' }, 'v1')).rejects.toMatchObject({
      kind: 'unavailable',
      message: `connection to registry ${domain} was refused`,
    });
  });

  test('because the proxy is not there', async () => {
    const environment = { https_proxy: 'http://ada:secret@127.0.0.1:1' };
    const repository = { domain: 'registry.invalid', path: 'app' };
    await expect(client({ environment }).manifest(repository, 'v1')).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'proxy 127.0.0.1:1 for registry registry.invalid cannot be reached',
    });
  });

  test('because the proxy does not let us through', async () => {
    const proxy = await startHttpProxy(registry.host);
    const repository = { domain: 'registry.invalid', path: 'app' };
    const reader = client({ environment: { HTTPS_PROXY: proxy.url.replace('//', '//ada:secret@') } });
    await expect(reader.manifest(repository, 'v1')).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(
        `^proxy ${new URL(proxy.url).host} does not connect to registry registry.invalid: (?!.*secret).*403`,
      ),
    });
    expect(proxy.requests).toEqual(['CONNECT registry.invalid:443']);
    await proxy.stop();
  });

  test('in time', async () => {
    registry.misbehave(/manifests/, faults.silence());
    const reader = client({ timeouts: { answer: 50, idle: 50 } });
    await expect(reader.manifest(app(), 'v1')).rejects.toMatchObject({
      kind: 'unavailable',
      message: `registry ${registry.host} did not answer in time`,
    });
    expect(paths().filter((path) => path.includes('manifests'))).toHaveLength(2);
  });

  test('but cuts the connection', async () => {
    registry.misbehave(/manifests/, faults.reset());
    await expect(client().manifest(app(), 'v1')).rejects.toMatchObject({
      kind: 'unavailable',
      message: `registry ${registry.host} broke off the connection`,
    });
    expect(paths().filter((path) => path.includes('manifests'))).toHaveLength(3);
  });

  test('over HTTPS and is neither on loopback nor named insecure', async () => {
    // The kernel connects this address to loopback, and no rule knows it as such.
    const domain = `0.0.0.0:${registry.host.split(':')[1]}`;
    const error: unknown = await client({ insecure: [] })
      .manifest({ domain, path: 'app' }, 'v1')
      .catch((e) => e);
    expect(error).toMatchObject({
      kind: 'unavailable',
      message: `registry ${domain} does not speak HTTPS`,
      hint: `if plain HTTP is acceptable, add --insecure-registry ${domain}`,
    });
    expect(registry.requests).toEqual([]);
    registry.addManifest('app', 'v1', MANIFEST);
    await client({ insecure: [domain] }).manifest({ domain, path: 'app' }, 'v1');
  });
});

describe('a signal', () => {
  test('that is aborted already prevents every request', async () => {
    const signal = AbortSignal.abort();
    await expect(client().manifest(app(), 'v1', { signal })).rejects.toMatchObject({ kind: 'cancelled' });
    await expect(read(addBlob(Buffer.from('x')), client(), signal)).rejects.toMatchObject({
      kind: 'cancelled',
    });
    expect(registry.requests).toEqual([]);
  });

  test('cancels a request that waits for its answer', async () => {
    const controller = new AbortController();
    registry.misbehave(/manifests/, () => controller.abort());
    const { signal } = controller;
    await expect(client().manifest(app(), 'v1', { signal })).rejects.toMatchObject({
      kind: 'cancelled',
      message: `reading ${registry.host}/app was cancelled`,
    });
  });

  test('cancels a pause between two attempts', async () => {
    const controller = new AbortController();
    registry.misbehave(/manifests/, (request, response, content) => {
      faults.status(503, { 'retry-after': '2' })(request, response, content);
      response.once('close', () => controller.abort());
    });
    const { signal } = controller;
    await expect(client().manifest(app(), 'v1', { signal })).rejects.toMatchObject({ kind: 'cancelled' });
  });

  test('cancels a blob in the middle', async () => {
    const controller = new AbortController();
    const descriptor = addBlob(randomBytes(1000));
    registry.misbehave(/blobs/, faults.stall(10));
    const reading = (async () => {
      for await (const _chunk of client().blob(app(), descriptor, { signal: controller.signal }))
        controller.abort();
    })();
    await expect(reading).rejects.toMatchObject({ kind: 'cancelled' });
  });

  test('cancels the search for the way to a mute registry, without harm to others who wait', async () => {
    let connections = 0;
    const controller = new AbortController();
    const mute: Server = createServer(() => {
      connections += 1;
      controller.abort();
    });
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const domain = `127.0.0.1:${(mute.address() as { port: number }).port}`;
    const { signal } = controller;
    await expect(client().manifest({ domain, path: 'app' }, 'v1', { signal })).rejects.toMatchObject({
      kind: 'cancelled',
    });
    expect(connections).toBe(1);
    mute.close();
  });
});
